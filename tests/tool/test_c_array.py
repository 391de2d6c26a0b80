# SPDX-License-Identifier: MIT
"""otatool c-array: compiled by gcc, the array holds the image's bytes."""

import unittest

from support import ARM, ToolTest, application, image, needs_arm

WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror")

PRINT_HEADER = """
#include <stdio.h>
#include "ota_image.h"
#include "ota_image.h"
int main(void)
{
    _Static_assert(sizeof ota_image_bin == ota_image_bin_len, "length");
    return fwrite(ota_image_bin, 1, ota_image_bin_len, stdout) == 0;
}
"""

PRINT_SOURCE = """
#include <stdio.h>
extern const unsigned char ota_image_bin[SIZE];
int main(void)
{
    return fwrite(ota_image_bin, 1, SIZE, stdout) == 0;
}
"""


class CArray(ToolTest):
    def make(self, data, *argv):
        self.write("image.bin", data)
        return self.tool("c-array", "image.bin", *argv)

    def compiled(self, *argv):
        self.run_program("gcc", *WARNINGS, *argv, "-o", "print")
        self.run_program("sh", "-c", "./print > bytes")
        return self.read("bytes")

    def test_header(self):
        self.write("print.c", PRINT_HEADER.encode())
        for size in (0x102, 1000, 1001, 1002, 1003, 20000):
            data = image(application(size))
            self.make(data)
            self.assertEqual(self.compiled("print.c"), data)

    def test_header_next_to_the_engine(self):
        # ota/image.h has a guard of its own
        self.make(image())
        self.write("image.h", b"#ifndef OTA_IMAGE_H\n#define OTA_IMAGE_H\n"
                              b"#endif\n")
        text = PRINT_HEADER.replace("#include <", '#include "image.h"\n'
                                    "#include <", 1)
        self.write("print.c", text.encode())
        self.assertEqual(self.compiled("print.c"), image())

    def test_source(self):
        self.make(image(), "-o", "array.c")
        self.write("print.c", PRINT_SOURCE.encode())
        self.assertEqual(self.compiled("-DSIZE=%d" % len(image()), "print.c",
                                       "array.c"), image())

    @needs_arm
    def test_section(self):
        for name in ("array.c", "array.h"):
            self.make(image(), "-o", name, "--section", ".ota_image")
            self.run_program(ARM + "gcc", *WARNINGS, "-Os", "-x", "c", "-c",
                             name, "-o", "array.o")
            self.run_program(ARM + "objcopy", "-O", "binary", "-j",
                             ".ota_image", "array.o", "array.bin")
            self.assertEqual(self.read("array.bin"), image())

    def test_bytes_behind_the_image_stay_out(self):
        self.write("print.c", PRINT_HEADER.encode())
        self.make(image() + b"\xFF" * 100)
        self.assertEqual(self.compiled("print.c"), image())

    def test_says_what_it_made(self):
        self.assertEqual(self.make(image()),
                         "ota_image.h: ota_image_bin, 1016 bytes\n")

    def test_bad_images(self):
        for data, error in ((image(crc=0), "bad CRC"),
                            (image(magic=1), "bad magic"),
                            (image()[:-1], "truncated")):
            self.write("image.bin", data)
            self.tool("c-array", "image.bin", status=1, error=error)


if __name__ == "__main__":
    unittest.main()
