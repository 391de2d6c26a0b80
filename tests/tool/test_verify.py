# SPDX-License-Identifier: MIT
"""otatool info and verify: what they say of good images and of bad ones."""

import json
import unittest
import zlib

from support import (BLUEPILL, BOARD, EXTERNAL, FLASH, INTERNAL, LAYOUTS,
                     MAGIC, MAX_APP, ONE_SLOT, RAM, RAM_SIZE, SINGLE,
                     VECTORS, ToolTest, application, image)

BAD = [
    ("magic", image(magic=0xABCDEFAC), "bad magic"),
    ("blank", b"\xFF" * 1000, "bad magic"),
    ("zeroes", bytes(1000), "bad magic"),
    ("signed", image(magic=0x31544253), "signed image"),
    ("size 0", image(size=0), "size 0"),
    ("size 7", image(application(7)), "vector table"),
    ("beyond the file", image(size=1001), "truncated"),
    ("far beyond the file", image(size=0xFFFFFFFF), "truncated"),
    ("cut by one", image()[:-1], "truncated"),
    ("header only", image()[:16], "truncated"),
    ("crc", image(crc=zlib.crc32(application()) ^ 1), "bad CRC"),
    ("last bit", image()[:-1] + bytes((image()[-1] ^ 0x80,)), "bad CRC"),
]

UNFIT = [
    ("one too large", image(application(EXTERNAL.max_app + 1)), "too large"),
    ("much too large", image(application(500000)), "too large"),
    ("reset even", image(application(reset=VECTORS + 0x100)), "is even"),
    ("reset outside", image(application(reset=FLASH + 0xC1C5)),
     "set the FLASH origin in the linker script to 0x08010200"),
    ("reset behind", image(application(reset=VECTORS + 1001)), "outside"),
    ("stack outside", image(application(sp=RAM)), "bad stack pointer"),
]


class Verify(ToolTest):
    def test_good(self):
        for app in (application(), application(10, reset=VECTORS + 9),
                    application(MAX_APP)):
            self.write("image.bin", image(app))
            said = self.tool("verify", "image.bin", "--board", BOARD)
            self.assertIn("ok: version 1.2.3 for %s, %d bytes"
                          % (BOARD, len(app)), said)

    def test_every_layout(self):
        for layout in LAYOUTS:
            app = layout.application(layout.max_app)
            self.write("image.bin", image(app))
            self.tool("verify", "image.bin", "--board", layout.name)
            self.write("image.bin", image(app + b"\0"))
            self.tool("verify", "image.bin", "--board", layout.name, status=1,
                      error="too large: %d bytes of application, the app slot "
                      "of %s takes %d: make" % (len(app) + 1, layout.name,
                                                len(app)))

    def test_names_every_layout_that_fits(self):
        for app, layouts in (
                (application(), (ONE_SLOT, SINGLE, EXTERNAL)),
                (application(ONE_SLOT.max_app + 1), (SINGLE, EXTERNAL)),
                (application(MAX_APP + 1), (EXTERNAL,)),
                (INTERNAL.application(), (INTERNAL,)),
                (BLUEPILL.application(), (BLUEPILL,))):
            self.write("image.bin", image(app))
            names = ", ".join(layout.name for layout in layouts)
            self.assertIn("ok: version 1.2.3 for %s, %d bytes"
                          % (names, len(app)), self.tool("verify",
                                                         "image.bin"))

    def test_default_layout(self):
        self.write("image.bin", image(INTERNAL.application()))
        self.assertIn("for %s, " % INTERNAL.name,
                      self.tool("verify", "image.bin",
                                "--board=nucleo_f446re"))

    def test_bad(self):
        for name, data, error in BAD + UNFIT:
            with self.subTest(name):
                self.write("image.bin", data)
                self.tool("verify", "image.bin", status=1, error=error)
                # for a board, the header alone may be reason enough
                far = name.startswith("far")
                self.tool("verify", "image.bin", "--board", BOARD, status=1,
                          error="too large" if far else error)

    def test_cut_in_the_header(self):
        for size in range(1, 16):
            self.write("image.bin", image()[:size])
            for command in ("verify", "info", "c-array"):
                self.tool(command, "image.bin", status=1, error="truncated")

    def test_no_board_takes_it(self):
        for name, data, _ in UNFIT:
            with self.subTest(name):
                self.write("image.bin", data)
                self.tool("verify", "image.bin", status=1,
                          error="fits no board")

    def test_rest_of_a_sector(self):
        self.write("image.bin", image() + b"\xFF" * 5000)
        self.assertIn("5000 bytes of erased flash after it ignored",
                      self.tool("verify", "image.bin"))

    def test_bytes_behind(self):
        for rest in (b"\0", b"\xFF" * 99 + b"\xFE"):
            self.write("image.bin", image() + rest)
            self.tool("verify", "image.bin", status=1,
                      error="%d bytes follow the image" % len(rest))
            self.tool("verify", "image.bin", status=1, error="to 1016 bytes")


class Info(ToolTest):
    def info(self, data, *argv, **expected):
        self.write("image.bin", data)
        return json.loads(self.tool("info", "image.bin", "--json", *argv,
                                    **expected))

    def test_json(self):
        app = application()
        self.assertEqual(self.info(image(app)), {
            "valid": True, "error": "", "magic": MAGIC, "kind": "plain",
            "size": 1000, "crc": zlib.crc32(app), "version": "1.2.3",
            "version_number": 0x01020003, "header_size": 16,
            "trailing_bytes": 0, "stack_pointer": RAM + RAM_SIZE,
            "reset_vector": VECTORS + 0x101,
            "boards": [ONE_SLOT.name, SINGLE.name, EXTERNAL.name]})

    def test_boards_are_those_that_it_fits(self):
        for layout in LAYOUTS:
            for size in [1000] + [other.max_app + more for other in LAYOUTS
                                  for more in (0, 1)]:
                # all that a plain image says of its address is where its
                # reset vector points
                reset = layout.vectors + 0x101
                fits = [other.name for other in LAYOUTS
                        if 8 <= reset - other.vectors < size
                        and layout.ram_size <= other.ram_size
                        and size <= other.max_app]
                data = image(layout.application(size))
                self.assertEqual(self.info(data)["boards"], fits)
                said = self.tool("info", "image.bin")
                for other in LAYOUTS:
                    self.assertEqual("fits     %s\n" % other.name in said,
                                     other.name in fits)

    def test_one_board(self):
        data = image(application())
        self.assertEqual(self.info(data, "--board", BOARD)["boards"], [BOARD])
        self.assertNotIn(ONE_SLOT.name, self.tool("info", "image.bin",
                                                  "--board", BOARD))
        found = self.info(data, "--board", INTERNAL.name, status=1,
                          error="set the FLASH origin in the linker script to "
                                "0x08020200")
        self.assertEqual((found["valid"], found["boards"]), (True, []))
        said = self.tool("info", "image.bin", "--board", INTERNAL.name,
                         status=1)
        self.assertIn("not for  %s: bad reset vector" % INTERNAL.name, said)
        self.info(image(crc=0), "--board", BOARD, status=1, error="bad CRC")

    def test_json_of_bad_images(self):
        for name, data, error in BAD:
            with self.subTest(name):
                found = self.info(data, status=1, error=error)
                self.assertFalse(found["valid"])
                self.assertNotEqual(found["error"], "")
                self.assertEqual(found["boards"], [])
        for size in range(1, 16):
            self.assertEqual(self.info(image()[:size], status=1)["error"],
                             "truncated")

    def test_json_of_images_for_other_boards(self):
        for name, data, _ in UNFIT:
            with self.subTest(name):
                found = self.info(data)
                self.assertTrue(found["valid"])
                self.assertEqual(found["boards"], [])

    def test_trailing(self):
        self.assertEqual(self.info(image() + bytes(77))["trailing_bytes"], 77)

    def test_text(self):
        self.write("image.bin", image() + bytes(77))
        said = self.tool("info", "image.bin")
        for part in ("plain image", "0xABCDEFAB", "1.2.3 (16908291)",
                     "1000 bytes", "matches", "0x20020000", "0x08010301",
                     "fits     " + BOARD, "77 bytes"):
            self.assertIn(part, said)

    def test_text_of_bad_images(self):
        for name, data, error in BAD:
            with self.subTest(name):
                self.write("image.bin", data)
                self.assertNotIn("matches", self.tool(
                    "info", "image.bin", status=1, error=error))

    def test_text_for_other_boards(self):
        self.write("image.bin", image(application(sp=0)))
        self.assertIn("not for  %s: bad stack pointer" % BOARD,
                      self.tool("info", "image.bin"))


if __name__ == "__main__":
    unittest.main()
