# SPDX-License-Identifier: MIT
"""otatool merge: the factory file, judged by objcopy, and what it refuses."""

import unittest

from support import (APP, ARM, ARRAY, BOARD, BOOT_SIZE, FLASH, HEADER_SPACE,
                     MAX_APP, ToolTest, application, bootloader, image,
                     needs_arm)


def factory(boot, packed):
    gap = b"\xFF" * (APP - len(boot))
    space = packed[:16] + b"\xFF" * (HEADER_SPACE - 16)
    return boot + gap + space + packed[16:]


class Merge(ToolTest):
    def merge(self, boot, packed, out="factory.bin", name="boot.bin",
              **expected):
        if boot is not None:
            self.write(name, boot)
        if packed is not None:
            self.write("image.bin", packed)
        return self.tool("merge", "--board", BOARD, "--boot", name, "--image",
                         "image.bin", "-o", out, **expected)

    def test_bin(self):
        for size in (0x240, 3000, BOOT_SIZE):
            for app in (application(), application(1003),
                        application(MAX_APP)):
                self.merge(bootloader(size), image(app))
                self.assertEqual(self.read("factory.bin"),
                                 factory(bootloader(size), image(app)))

    def test_says_what_it_made(self):
        self.assertEqual(
            self.merge(bootloader(), image()),
            "factory.bin: bootloader and version 1.2.3 for %s\n" % BOARD)

    def test_bytes_behind_the_image_stay_out(self):
        self.merge(bootloader(), image() + b"\xFF" * 5000)
        self.assertEqual(self.read("factory.bin"),
                         factory(bootloader(), image()))

    @needs_arm
    def test_hex_is_bin(self):
        for app in (application(), application(MAX_APP), application(1003)):
            self.merge(bootloader(3001), image(app))
            self.merge(bootloader(3001), image(app), out="factory.hex")
            self.run_program(ARM + "objcopy", "-I", "ihex", "-O", "binary",
                             "--gap-fill", "0xFF", "factory.hex", "judge.bin")
            self.assertEqual(self.read("judge.bin"), self.read("factory.bin"))

    @needs_arm
    def test_hex_leaves_gaps_out(self):
        self.merge(bootloader(), image(), out="factory.hex")
        lines = self.run_program(ARM + "objdump", "-h", "-b", "ihex",
                                 "factory.hex").splitlines()
        found = [(int(f[3], 16), int(f[2], 16)) for f in
                 (line.split() for line in lines) if len(f) == 7]
        self.assertEqual(found, [(FLASH, 3000), (FLASH + APP, 16),
                                 (FLASH + APP + HEADER_SPACE, 1000)])

    @needs_arm
    def test_every_kind_of_bootloader_file(self):
        self.write("boot.bin", bootloader())
        self.run_program(ARM + "objcopy", "-I", "binary", "-O", "ihex",
                         "--change-addresses", hex(FLASH), "boot.bin",
                         "boot.hex")
        self.write("boot.s", b'.incbin "boot.bin"\n')
        self.run_program(ARM + "as", "boot.s", "-o", "boot.o")
        self.run_program(ARM + "ld", "-Ttext", hex(FLASH), "-e", "0",
                         "boot.o", "-o", "boot.elf")
        for name in ("boot.bin", "boot.hex", "boot.elf"):
            self.merge(None, image(), name=name)
            self.assertEqual(self.read("factory.bin"),
                             factory(bootloader(), image()), name)

    def test_other_bootloaders(self):
        for boot, error in (
                (bootloader(BOOT_SIZE + 1), "too large"),
                (bootloader()[:0x23F], "too short"),
                (bytes(3000), "no info block"),
                (bootloader(magic=0x4F464E48), "no info block"),
                (bootloader(info_format=2), "no info block"),
                (bootloader(target=0x00044602), "another layout"),
                (bootloader(digest=1), "another layout"),
                (bootloader(image_formats=2), "no plain images")):
            with self.subTest(error):
                self.merge(boot, image(), status=1, error=error)

    @needs_arm
    def test_bootloader_at_another_address(self):
        self.write("boot.bin", bootloader())
        self.run_program(ARM + "objcopy", "-I", "binary", "-O", "ihex",
                         "--change-addresses", hex(FLASH + ARRAY), "boot.bin",
                         "boot.hex")
        self.merge(None, image(), name="boot.hex", status=1,
                   error="linked for 0x08060000, but the bootloader")

    def test_bad_images(self):
        for data, error in ((image(crc=0), "bad CRC"),
                            (image(magic=1), "bad magic"),
                            (image()[:-1], "truncated"),
                            (image(application(MAX_APP + 1)), "too large"),
                            (image(application(sp=0)), "stack pointer"),
                            (image()[:9], "truncated")):
            self.merge(bootloader(), data, status=1, error=error)


if __name__ == "__main__":
    unittest.main()
