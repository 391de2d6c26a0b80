# SPDX-License-Identifier: MIT
"""otatool dump: read-outs made by hand, with journals in every condition."""

import json
import struct
import unittest
import zlib

from support import (APP, ARRAY, ARRAY_SIZE, BOARD, FLASH, FLASH_SIZE,
                     HEADER_SPACE, JOURNAL, JOURNAL_SIZE, MAX_APP, Flash,
                     ToolTest, application, bootloader, image, layout_digest,
                     record)

CRC, TOO_LARGE = -37, -35


class DumpTest(ToolTest):
    def dump(self, data, *argv, **expected):
        self.write("flash.bin", bytes(data))
        return json.loads(self.tool("dump", "flash.bin", "--board", BOARD,
                                    "--json", *argv, **expected))

    def text(self, data, *argv, **expected):
        self.write("flash.bin", bytes(data))
        return self.tool("dump", "flash.bin", "--board", BOARD, *argv,
                         **expected)


class Device(DumpTest):
    def setUp(self):
        super().setUp()
        self.flash = Flash().put(0, bootloader()).put_app(image())
        self.flash.put_record(0, version=0x01020003)

    def test_bootloader(self):
        found = self.dump(self.flash.bytes)["bootloader"]
        self.assertEqual(found, {
            "found": True, "version": "0.1.0", "info_format": 1,
            "journal_format": 1, "image_formats": 1, "features": 1,
            "target": 0x00044601, "layout_digest": "%016x" % layout_digest(),
            "matches_board": True})

    def test_bootloader_of_another_layout(self):
        self.flash.put(0, bootloader(digest=5))
        self.assertFalse(
            self.dump(self.flash.bytes)["bootloader"]["matches_board"])
        self.assertIn("WARNING: built for another layout",
                      self.text(self.flash.bytes))

    def test_application(self):
        app = application()
        self.assertEqual(self.dump(self.flash.bytes)["app"], {
            "address": FLASH + APP, "valid": True, "erased": False,
            "vectors_only": False, "error": "", "magic": 0xABCDEFAB,
            "size": 1000, "crc": zlib.crc32(app), "version": "1.2.3",
            "version_number": 0x01020003})

    def test_application_largest(self):
        self.flash.put_app(image(application(MAX_APP)))
        self.assertTrue(self.dump(self.flash.bytes)["app"]["valid"])

    def test_application_without_a_header(self):
        flash = Flash().put(APP + HEADER_SPACE, application())
        self.assertTrue(self.dump(flash.bytes)["app"]["vectors_only"])
        self.assertIn("no header, but a vector table", self.text(flash.bytes))
        flash.put(APP + HEADER_SPACE - 1, b"\0")
        flash.put(0, bootloader())
        self.assertFalse(self.dump(flash.bytes)["app"]["vectors_only"])

    def test_application_bad(self):
        for data, error in ((image(crc=0), "bad CRC"),
                            (image(size=0), "size 0"),
                            (image(size=MAX_APP + 1), "too large"),
                            (image(size=0xFFFFFFFF), "too large"),
                            (image(magic=0), "bad magic"),
                            (image(application(sp=0)), "bad stack pointer")):
            self.flash.put_app(data)
            found = self.dump(self.flash.bytes)["app"]
            self.assertFalse(found["valid"])
            self.assertEqual(found["error"], error)
            self.assertIn(error, self.text(self.flash.bytes))

    def test_array(self):
        self.assertTrue(self.dump(self.flash.bytes)["array"]["erased"])
        self.flash.put(ARRAY, image(version=0x01030000))
        found = self.dump(self.flash.bytes)["array"]
        self.assertEqual((found["valid"], found["version"]), (True, "1.3.0"))
        self.flash.put(ARRAY, image(application(ARRAY_SIZE - 16)))
        self.assertTrue(self.dump(self.flash.bytes)["array"]["valid"])
        self.flash.put(ARRAY, image(size=ARRAY_SIZE - 15))
        self.assertEqual(self.dump(self.flash.bytes)["array"]["error"],
                         "truncated")

    def test_text(self):
        said = self.text(self.flash.bytes)
        for part in ("bootloader at 0x08000000: version 0.1.0",
                     "app slot at 0x08010000: version 1.2.3, 1000 bytes",
                     ": valid", "C array at 0x08060000: no header (erased)",
                     "journal at 0x08008000: 1 of 256", "<- newest",
                     "blank: 255 (1-255)", "blank: 256 (0-255)"):
            self.assertIn(part, said)

    def test_blank_device(self):
        said = self.text(Flash().bytes, status=1, error="neither bootloader")
        self.assertIn("journal: no valid record", said)
        self.assertIn("app slot at 0x08010000: no header (erased)", said)
        self.assertFalse(self.dump(Flash().bytes, status=1)["app"]["valid"])


class Journal(DumpTest):
    def units(self, flash, **expected):
        flash.put(0, bootloader())
        return self.dump(flash.bytes, **expected)["journal"]

    def test_every_field(self):
        flash = Flash().put_record(
            0, flag=1, size=0x1234, crc=0x89ABCDEF, version=0x01000007,
            state=2, source=1, installs=3, step=6, flags=0, result=CRC,
            tried=0x02000001)
        found = self.units(flash)[0]["records"]
        self.assertEqual(found, [{
            "position": 0, "sequence": 0, "newest": True, "flag": "request",
            "magic": 0xABCDEFAB, "size": 0x1234, "crc": 0x89ABCDEF,
            "version": "1.0.7", "version_number": 0x01000007,
            "state": "installing", "source": "c-array", "attempts": 0,
            "roles": 0, "installs": 3, "step": "program", "flags": 0,
            "settled": False, "result": CRC, "result_text": "bad CRC",
            "tried_version": "2.0.1", "security_floor": 0,
            "installed": struct.pack("<II", 0x89ABCDEF, 0x1234).hex(),
            "tried": "00" * 8}])

    def test_text_of_a_refused_update(self):
        flash = Flash().put(0, bootloader()).put_record(0)
        flash.put_record(1, flag=1, source=1, flags=0)
        flash.put_record(2, step=2, result=TOO_LARGE, tried=0x01010000)
        lines = self.text(flash.bytes).splitlines()
        first, second, third = [line.split() for line in lines
                                if "confirmed" in line]
        self.assertEqual(first, ["0", "0", "confirmed", "none", "any",
                                 "bootloader", "none", "1.0.0", "-", "0",
                                 "ok"])
        self.assertEqual(second, ["1", "1", "confirmed", "request", "c-array",
                                  "application", "none", "1.0.0", "-",
                                  "0", "ok"])
        self.assertEqual(third, ["2", "2", "confirmed", "none", "any",
                                 "bootloader", "header", "1.0.0", "1.1.0",
                                 "0", "too", "large", "<-", "newest"])

    def test_turn_over(self):
        flash = Flash()
        for sequence in range(250, 260):
            flash.put_record(sequence, version=sequence)
        units = self.units(flash)
        self.assertEqual([r["position"] for r in units[0]["records"]],
                         list(range(250, 256)))
        self.assertEqual([r["sequence"] for r in units[1]["records"]],
                         list(range(256, 260)))
        newest = [r["sequence"] for unit in units for r in unit["records"]
                  if r["newest"]]
        self.assertEqual(newest, [259])
        self.assertEqual([unit["blank"] for unit in units], [250, 252])

    def test_third_turn_goes_back_to_the_first_unit(self):
        flash = Flash().put_record(511).put_record(512)
        units = self.units(flash)
        self.assertTrue(units[0]["records"][0]["newest"])
        self.assertFalse(units[1]["records"][0]["newest"])

    def test_full_units(self):
        flash = Flash()
        for sequence in range(512):
            flash.put_record(sequence)
        units = self.units(flash)
        self.assertEqual([len(u["records"]) for u in units], [256, 256])
        self.assertEqual([u["blank"] for u in units], [0, 0])

    def test_torn_and_corrupt(self):
        flash = Flash().put_record(0)
        for position in (1, 4, 5, 6, 255):
            flash.put(JOURNAL[0] + 64 * position, record(position)[:32])
        flipped = bytearray(record(2))
        flipped[21] ^= 1
        flash.put(JOURNAL[0] + 128, flipped)
        units = self.units(flash)
        self.assertEqual(units[0]["bad"], [1, 2, 4, 5, 6, 255])
        self.assertEqual(units[0]["blank"], 249)
        self.assertTrue(units[0]["records"][0]["newest"])
        said = self.text(flash.bytes)
        self.assertIn("torn or corrupt: 6 (1-2, 4-6, 255)", said)
        self.assertIn("blank: 249 (3, 7-254)", said)

    def test_every_corrupt_byte_is_found(self):
        for at in range(64):
            raw = bytearray(record(0))
            raw[at] ^= 0x10
            units = self.units(Flash().put(JOURNAL[0], raw))
            self.assertEqual((units[0]["bad"], units[0]["records"]),
                             ([0], []))

    def test_newer_format(self):
        units = self.units(Flash().put_record(0).put_record(1, format=2))
        self.assertEqual(units[0]["newer"], [1])
        self.assertTrue(units[0]["records"][0]["newest"])

    def test_stray_copies(self):
        flash = Flash().put_record(0)
        flash.put(JOURNAL[0] + 64, record(7))
        flash.put(JOURNAL[1], record(512))
        units = self.units(flash)
        self.assertEqual((units[0]["misplaced"], units[1]["misplaced"]),
                         ([1], [0]))
        self.assertTrue(units[0]["records"][0]["newest"])

    def test_unknown_names(self):
        flash = Flash().put_record(0, flag=7, state=77, source=78, step=79,
                                   result=-1000)
        found = self.units(flash)[0]["records"][0]
        self.assertEqual([found[key] for key in ("flag", "state", "source",
                                                 "step", "result_text")],
                         ["7", "77", "78", "unknown", "unknown error"])

    def test_names_of_every_step(self):
        names = ("none", "open", "header", "check", "begin", "erase",
                 "program", "verify", "finish", "done")
        flash = Flash()
        for step in range(len(names)):
            flash.put_record(step, step=step)
        self.assertEqual(
            tuple(r["step"] for r in self.units(flash)[0]["records"]), names)


class Parts(DumpTest):
    def setUp(self):
        super().setUp()
        self.whole = Flash().put(0, bootloader()).put_app(image())
        self.whole.put_record(0).put_record(256)

    def test_journal_alone(self):
        part = self.whole.bytes[JOURNAL[0]:JOURNAL[1] + JOURNAL_SIZE]
        found = self.dump(part, "--base", hex(FLASH + JOURNAL[0]))
        self.assertTrue(found["journal"][1]["records"][0]["newest"])
        self.assertFalse(found["bootloader"]["found"])
        self.assertEqual(found["app"]["error"], "not in the read-out")

    def test_one_unit_alone(self):
        part = self.whole.bytes[JOURNAL[0]:JOURNAL[1]]
        found = self.dump(part, "--base", hex(FLASH + JOURNAL[0]))
        self.assertTrue(found["journal"][0]["records"][0]["newest"])
        self.assertEqual(found["journal"][1]["unreadable"], list(range(256)))
        self.assertIn("not in the read-out: 256 (0-255)",
                      self.text(part, "--base", hex(FLASH + JOURNAL[0])))

    def test_end_is_missing(self):
        found = self.dump(self.whole.bytes[:APP + 600])
        self.assertTrue(found["bootloader"]["found"])
        self.assertFalse(found["app"]["valid"])

    def test_every_cut(self):
        for size in list(range(1, 700, 37)) + [JOURNAL[0] + 70, APP + 8]:
            self.write("flash.bin", bytes(self.whole.bytes[:size]))
            self.tool("dump", "flash.bin", "--board", BOARD,
                      status=0 if size >= 0x240 else 1)

    def test_not_in_the_flash(self):
        for base in (FLASH - 1, FLASH + 1, FLASH + FLASH_SIZE, 0, 0xFFFFFFFF):
            self.write("flash.bin", bytes(self.whole.bytes))
            self.tool("dump", "flash.bin", "--board", BOARD, "--base",
                      hex(base), status=1, error="do not lie in the flash")
        self.write("flash.bin", bytes(self.whole.bytes) + b"\0")
        self.tool("dump", "flash.bin", "--board", BOARD, status=1,
                  error="do not lie in the flash")


if __name__ == "__main__":
    unittest.main()
