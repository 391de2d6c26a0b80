# SPDX-License-Identifier: MIT
"""otatool dump: read-outs made by hand, with journals in every condition."""

import json
import struct
import unittest
import zlib

from support import (APP, ARRAY, ARRAY_SIZE, BLUEPILL, BOARD, EXTERNAL, FLASH,
                     FLASH_SIZE, HEADER_SPACE, INTERNAL, JOURNAL,
                     JOURNAL_SIZE, MAX_APP, ONE_SLOT, SINGLE, W25Q_SIZE,
                     Flash, ToolTest, application, bootloader, image, record)

CRC, TOO_LARGE, UNCONFIRMED = -37, -35, -84


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
            "target": 0x00044601,
            "layout_digest": "%016x" % SINGLE.digest(),
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
            state=2, source=1, attempts=5, backup=1, staged=2, installs=3,
            step=6, flags=0, result=CRC, tried=0x02000001,
            tried_digest=b"\1\2\3\4\5\6\7\xFF")
        found = self.units(flash)[0]["records"]
        self.assertEqual(found, [{
            "position": 0, "sequence": 0, "newest": True, "flag": "request",
            "magic": 0xABCDEFAB, "size": 0x1234, "crc": 0x89ABCDEF,
            "version": "1.0.7", "version_number": 0x01000007,
            "state": "installing", "source": "c-array", "attempts": 5,
            "backup": "A", "staged": "B", "installs": 3, "step": "program",
            "flags": 0, "settled": False, "result": CRC,
            "result_text": "bad CRC",
            "tried_version": "2.0.1", "security_floor": 0,
            "installed": struct.pack("<II", 0x89ABCDEF, 0x1234).hex(),
            "tried": "01020304050607ff"}])

    def test_text_of_a_refused_update(self):
        flash = Flash().put(0, bootloader()).put_record(0)
        flash.put_record(1, flag=1, source=1, flags=0)
        flash.put_record(2, step=2, result=TOO_LARGE, tried=0x01010000)
        lines = self.text(flash.bytes).splitlines()
        first, second, third = [line.split() for line in lines
                                if " confirmed " in line]
        self.assertEqual(first, ["0", "0", "confirmed", "none", "any",
                                 "bootloader", "none", "1.0.0", "-", "0",
                                 "0", "ok"])
        self.assertEqual(second, ["1", "1", "confirmed", "request", "c-array",
                                  "application", "none", "1.0.0", "-",
                                  "0", "0", "ok"])
        self.assertEqual(third, ["2", "2", "confirmed", "none", "any",
                                 "bootloader", "header", "1.0.0", "1.1.0",
                                 "0", "0", "too", "large", "<-",
                                 "newest"])

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
                                   result=-1000, backup=3, staged=15)
        found = self.units(flash)[0]["records"][0]
        self.assertEqual([found[key] for key in (
            "flag", "state", "source", "step", "result_text", "backup",
            "staged")],
            # a slot that does not exist plays no role
            ["7", "77", "78", "unknown", "unknown error", "none", "none"])

    def test_names_of_every_step(self):
        names = ("none", "open", "header", "check", "begin", "erase",
                 "program", "verify", "finish", "done", "stage", "backup",
                 "trial", "restore")
        flash = Flash()
        for step in range(len(names)):
            flash.put_record(step, step=step)
        self.assertEqual(
            tuple(r["step"] for r in self.units(flash)[0]["records"]), names)

    def test_names_of_states_sources_and_slots(self):
        flash = Flash()
        for i in range(6):
            flash.put_record(i, state=i % 4 + 1, source=i, backup=i % 3,
                             staged=(i + 1) % 3)
        found = self.units(flash)[0]["records"]
        for key, names in (
                ("state", ["confirmed", "installing", "trial", "reverting",
                           "confirmed", "installing"]),
                ("source", ["any", "c-array", "staged", "uart", "slot A",
                            "sd"]),
                ("backup", ["none", "A", "B"] * 2),
                ("staged", ["A", "B", "none"] * 2)):
            self.assertEqual([r[key] for r in found], names)


class Slots(DumpTest):
    """Layouts with slots A and B: what they hold, and their roles."""

    def flash(self, layout=INTERNAL, **newest):
        flash = Flash(layout).put(0, bootloader(layout=layout))
        return flash.put_record(0, **newest)

    def dump_of(self, flash, **expected):
        return self.dump(flash.bytes, "--board", flash.layout.name,
                         **expected)

    def text_of(self, flash, **expected):
        return self.text(flash.bytes, "--board", flash.layout.name,
                         **expected)

    def test_only_areas_that_the_layout_has(self):
        for layout, slots, array in ((INTERNAL, "AB", True),
                                     (ONE_SLOT, "A", False),
                                     (SINGLE, "", True),
                                     (EXTERNAL, "AB", False),
                                     (BLUEPILL, "AB", False)):
            flash = self.flash(layout)
            found = self.dump_of(flash)
            self.assertTrue(found["bootloader"]["matches_board"])
            self.assertEqual("".join(s["slot"] for s in found["slots"]),
                             slots)
            self.assertEqual("array" in found, array)
            said = self.text_of(flash)
            self.assertEqual("C array at" in said, array)
            self.assertEqual(" backup staged " in said, slots != "")
            for name in "AB":
                self.assertEqual("slot %s at" % name in said, name in slots)

    def test_every_area_of_every_layout(self):
        for number, layout in enumerate((INTERNAL, ONE_SLOT, SINGLE)):
            app = layout.application(2000 + number)
            flash = self.flash(layout).put_app(image(app, 0x01000000))
            areas = [area for area in layout.slots if area[1]]
            if layout.array[1]:
                areas.append(layout.array)
            for i, area in enumerate(areas, 1):
                flash.put(area[0], image(app, 0x01000000 + i))
            found = self.dump_of(flash)
            seen = [found["app"], *found["slots"]]
            if layout.array[1]:
                seen.append(found["array"])
            for i, (area, entry) in enumerate(zip([layout.app, *areas], seen)):
                self.assertEqual(
                    (entry["address"], entry["valid"], entry["size"],
                     entry["crc"], entry["version_number"]),
                    (FLASH + area[0], True, len(app), zlib.crc32(app),
                     0x01000000 + i), layout.name)

    def test_slot_in_full(self):
        app = INTERNAL.application()
        flash = self.flash(backup=2).put_slot("B", image(app))
        self.assertEqual(self.dump_of(flash)["slots"][1], {
            "slot": "B", "role": "backup", "address": FLASH + 0x60000,
            "valid": True, "erased": False, "vectors_only": False,
            "error": "", "magic": 0xABCDEFAB, "size": 1000,
            "crc": zlib.crc32(app), "version": "1.2.3",
            "version_number": 0x01020003})
        self.assertIn("slot B at 0x08060000 (backup): version 1.2.3, 1000 "
                      "bytes, CRC-32 0x%08X: valid\n" % zlib.crc32(app),
                      self.text_of(flash))

    def test_why_a_slot_is_not_valid(self):
        good = INTERNAL.application()
        for data, error in (
                (image(good, crc=0), "bad CRC"),
                (image(good, magic=0), "bad magic"),
                (image(good, size=0), "size 0"),
                (image(good, size=INTERNAL.max_app + 1), "too large"),
                (image(good)[:500] + b"\xFF" * 516, "bad CRC"),
                (image(ONE_SLOT.application()), "bad reset vector"),
                (image(good)[:16], "bad stack pointer")):
            found = self.dump_of(self.flash().put_slot("A", data))["slots"][0]
            self.assertEqual((found["valid"], found["error"]), (False, error))
        erased = self.dump_of(self.flash())["slots"][0]
        self.assertEqual((erased["valid"], erased["erased"]), (False, True))
        self.assertIn("slot A at 0x08040000 (free): no header (erased)",
                      self.text_of(self.flash()))

    def test_largest_image_in_each_slot(self):
        for layout in (INTERNAL, ONE_SLOT):
            packed = image(layout.application(layout.max_app))
            flash = self.flash(layout).put_slot("A", packed)
            if layout.slots[1][1]:
                flash.put_slot("B", packed)
            for found in self.dump_of(flash)["slots"]:
                self.assertTrue(found["valid"])

    def test_roles(self):
        for newest, roles in (
                ({}, ["free", "free"]),
                ({"backup": 1}, ["backup", "free"]),
                ({"backup": 1, "staged": 2}, ["backup", "staged"]),
                ({"backup": 2, "staged": 1, "state": 2},
                 ["staged", "backup"]),
                ({"backup": 2, "staged": 1, "state": 3},
                 ["on trial", "backup"]),
                ({"staged": 2, "state": 3}, ["free", "on trial"]),
                ({"backup": 1, "staged": 2, "state": 4},
                 ["backup", "staged"])):
            flash = self.flash(**newest)
            found = self.dump_of(flash)["slots"]
            self.assertEqual([slot["role"] for slot in found], roles)
            said = self.text_of(flash)
            for name, address, role in zip("AB", (0x08040000, 0x08060000),
                                           roles):
                self.assertIn("slot %s at 0x%08X (%s): " % (name, address,
                                                            role), said)

    def test_roles_are_those_of_the_newest_record(self):
        flash = self.flash(backup=1, staged=2)
        flash.put_record(1, backup=2)
        self.assertEqual([s["role"] for s in self.dump_of(flash)["slots"]],
                         ["free", "backup"])

    def test_without_a_record_nothing_is_known(self):
        flash = Flash(INTERNAL).put_slot("A", image(INTERNAL.application()))
        found = self.dump_of(flash)
        self.assertEqual([s["role"] for s in found["slots"]],
                         ["unknown", "unknown"])
        self.assertEqual(found["summary"], [])

    def test_table(self):
        flash = self.flash(backup=1).put_record(
            1, state=3, source=2, attempts=2, backup=1, staged=2, step=9,
            version=0x01010000, tried=0x01010000)
        lines = self.text_of(flash).splitlines()
        head, first, second = [line.split() for line in lines if
                               line.split()[0] in ("pos", "0", "1")]
        self.assertEqual(head[-5:], ["fail", "boots", "backup", "staged",
                                     "result"])
        self.assertEqual(first, ["0", "0", "confirmed", "none", "any",
                                 "bootloader", "none", "1.0.0", "-", "0",
                                 "0", "A", "-", "ok"])
        self.assertEqual(second, ["1", "1", "trial", "none", "staged",
                                  "bootloader", "done", "1.1.0", "1.1.0", "0",
                                  "2", "A", "B", "ok", "<-", "newest"])

    def test_slot_cut_off(self):
        flash = self.flash().put_slot("A", image(INTERNAL.application()))
        found = self.dump(flash.bytes[:0x40000 + 600], "--board",
                          INTERNAL.name)["slots"]
        self.assertEqual([s["error"] for s in found],
                         ["not in the read-out"] * 2)

    def test_slot_alone(self):
        flash = self.flash().put_slot("B", image(INTERNAL.application()))
        found = self.dump(flash.bytes[0x60000:], "--board", INTERNAL.name,
                          "--base", "0x08060000")
        self.assertTrue(found["slots"][1]["valid"])
        self.assertFalse(found["bootloader"]["found"])


class Summary(DumpTest):
    """The newest record in sentences."""

    def check(self, *sentences, layout=INTERNAL, put=(), **newest):
        flash = Flash(layout).put(0, bootloader(layout=layout))
        for offset, data in put:
            flash.put(offset, data)
        flash.put_record(0, version=0x05050005).put_record(1, **newest)
        found = self.dump(flash.bytes, "--board", layout.name)["summary"]
        self.assertEqual(found, list(sentences))
        said = self.text(flash.bytes, "--board", layout.name)
        block = "".join("  %s\n" % sentence for sentence in sentences)
        self.assertIn("the newest record says:\n%sjournal at" % block, said)

    def test_quiet(self):
        self.check("1.0.0 is confirmed", "no update so far")
        self.check("1.0.0 is confirmed", "no update so far", layout=SINGLE)
        self.check("the application was put there by a debugger",
                   "no update so far", magic=0, size=0, crc=0, version=0)

    def test_last_update(self):
        to = {"tried": 0x01020000, "tried_digest": b"12345678"}
        for sentence, newest in (
                ("last update: to 1.2.0, installed", {"step": 9}),
                ("last update: to 1.2.0, refused: too large (header)",
                 {"step": 2, "result": TOO_LARGE}),
                ("last update: to 1.2.0, refused: bad CRC (check)",
                 {"step": 3, "result": CRC}),
                ("last update: to 1.2.0, failed: supply too low (begin)",
                 {"step": 4, "result": -23}),
                ("last update: to 1.2.0, failed: flash erase error (erase)",
                 {"step": 5, "result": -17}),
                ("last update: to 1.2.0, failed: flash program error (stage)",
                 {"step": 10, "result": -18}),
                ("last update: to 1.2.0, failed: bad CRC (verify)",
                 {"step": 7, "result": CRC}),
                ("last update: to 1.2.0, reverted: not confirmed (trial)",
                 {"step": 12, "result": UNCONFIRMED}),
                ("last update: refused: bad magic (header)",
                 {"step": 2, "result": -32, "tried": 0}),
                ("the application had rotted and was restored from its "
                 "backup", {"step": 13}),
                ("the application had rotted (bad CRC) and was restored from "
                 "its backup", {"step": 13, "result": CRC})):
            self.check("1.0.0 is confirmed", sentence, **{**to, **newest})

    def test_not_confirmed_but_not_reverted(self):
        to = {"tried": 0x01020000, "step": 12, "result": UNCONFIRMED}
        self.check("going back to 1.0.0 was interrupted",
                   "last update: to 1.2.0, not confirmed (trial)", state=4,
                   **to)
        self.check("1.2.0 is on trial: 3 of 3 boots used",
                   "last update: to 1.2.0, not confirmed (trial)", state=3,
                   attempts=3, version=0x01020000, **to)
        self.check("1.2.0 is confirmed",
                   "last update: to 1.2.0, not confirmed (trial)",
                   version=0x01020000, crc=7, size=1000,
                   tried_digest=struct.pack("<II", 7, 1000), **to)

    def test_under_way(self):
        new = {"version": 0x01010000, "backup": 1, "staged": 2}
        self.check("install of 1.1.0 was interrupted", "no update so far",
                   state=2, flag=1, source=2, **new)
        self.check("install of 1.1.0 was interrupted", state=2, source=2,
                   step=4, tried=0x01010000, **new)
        self.check("install of 1.1.0 was interrupted; 2 of it failed before",
                   "last update: to 1.1.0, failed: flash erase error (erase)",
                   state=2, installs=2, step=5, result=-17, tried=0x01010000,
                   **new)
        self.check("1.1.0 is on trial: 2 of 3 boots used",
                   "last update: to 1.1.0, installed", state=3, attempts=2,
                   step=9, tried=0x01010000, **new)
        self.check("going back to 1.0.0 was interrupted",
                   "the application had rotted", state=4, step=13)
        self.check("no application is known", "no update so far", state=0,
                   magic=0, size=0, crc=0, version=0)
        self.check("state 9: a newer otatool knows it", "no update so far",
                   state=9)

    def test_staged(self):
        put = [(0x60000, image(INTERNAL.application(), 0x01010000))]
        first, last = "1.0.0 is confirmed", "no update so far"
        self.check(first, "an update to 1.1.0 is staged in slot B and not "
                   "requested", last, put=put, staged=2)
        self.check(first, "an update to 1.1.0 is staged in slot B and "
                   "requested", last, put=put, staged=2, flag=1, source=2)
        self.check(first, "an update to 1.1.0 is staged in slot B and not "
                   "requested", "an update from any source is requested",
                   last, put=put, staged=2, flag=1, source=0)

    def test_staged_but_not_there(self):
        request = {"flag": 1, "source": 2}
        first, last = "1.0.0 is confirmed", "no update so far"
        bad = image(INTERNAL.application(), 0x01010000)[:-1]
        self.check(first, "an update to 1.1.0 is staged in slot A and "
                   "requested; not valid: bad CRC", last,
                   put=[(0x40000, bad)], staged=1, **request)
        self.check(first, "an update is staged in slot A and requested; not "
                   "valid: bad magic", last, staged=1, **request)
        self.check(first, "an update is staged in slot B and requested; not "
                   "valid: there is no such slot", last, layout=ONE_SLOT,
                   staged=2, **request)
        self.check(first, "a staged update is requested, but none is staged",
                   last, staged=15, **request)
        self.check(first, "a staged update is requested, but none is staged",
                   last, **request)

    def test_requested(self):
        put = [(ARRAY, image(version=0x01030000))]
        for source, sentence in (
                (0, "an update from any source is requested"),
                (1, "an update to 1.3.0 from the C array is requested"),
                (3, "an update over the UART is requested"),
                (5, "an update from the SD card is requested"),
                (9, "an update from source 9 is requested")):
            self.check("1.0.0 is confirmed", sentence, "no update so far",
                       layout=SINGLE, put=put, flag=1, source=source)
        self.check("1.0.0 is confirmed",
                   "an update from the C array is requested",
                   "no update so far", layout=ONE_SLOT, flag=1, source=1)

    def test_put_into_slot_a(self):
        first, last = "1.0.0 is confirmed", "no update so far"
        put = [(0x40000, image(INTERNAL.application(), 0x01010000))]
        request = {"flag": 1, "source": 4}
        self.check(first, "an update to 1.1.0 that was put into slot A is "
                   "requested", last, put=put, **request)
        self.check(first, "an update that was put into slot A is requested; "
                   "not valid: bad magic", last, **request)
        self.check(first, "an update that was put into slot A is requested; "
                   "not valid: there is no such slot", last, layout=SINGLE,
                   **request)


class OnTheW25q(DumpTest):
    """Slots A and B of the layouts that have them outside."""

    LAYOUTS = (EXTERNAL, BLUEPILL)

    def setUp(self):
        super().setUp()
        self.made = {}
        for layout in self.LAYOUTS:
            flash = Flash(layout).put(0, bootloader(layout=layout))
            flash.put_app(image(layout.application(), 0x01000000))
            flash.put_slot("A", image(layout.application(1001), 0x01010000))
            flash.put_slot("B", image(layout.application(), 0x01000000))
            flash.put_record(0, backup=2, staged=1, flag=1, source=2)
            self.made[layout] = flash

    def run_dump(self, flash, *argv, w25q=None, **expected):
        """What it says in text, and in JSON."""
        argv += ("--board", flash.layout.name)
        if w25q is not None:
            self.write("w25q.bin", bytes(w25q))
            argv += ("--w25q", "w25q.bin")
        return (self.text(flash.bytes, *argv, **expected),
                self.dump(flash.bytes, *argv, **expected))

    def test_in_full(self):
        for layout, flash in self.made.items():
            said, found = self.run_dump(flash, w25q=flash.w25q)
            self.assertEqual(found["app"]["address"], FLASH + layout.app[0])
            for i, role in enumerate(("staged", "backup")):
                app = layout.application(1001 - i)
                number = 0x01010000 - 0x10000 * i
                version = "1.%d.0" % (1 - i)
                self.assertEqual(found["slots"][i], {
                    "slot": "AB"[i], "role": role,
                    "w25q_offset": layout.slots[i][0], "valid": True,
                    "erased": False, "vectors_only": False, "error": "",
                    "magic": 0xABCDEFAB, "size": len(app),
                    "crc": zlib.crc32(app), "version": version,
                    "version_number": number})
                self.assertIn(
                    "slot %s at W25Q 0x%06X (%s): version %s, %d bytes, "
                    "CRC-32 0x%08X: valid\n" % (
                        "AB"[i], layout.slots[i][0], role, version, len(app),
                        zlib.crc32(app)), said)
            self.assertEqual(found["summary"], [
                "1.0.0 is confirmed", "an update to 1.1.0 is staged in slot "
                "A and requested", "no update so far"])

    def test_journal_of_the_bluepill(self):
        flash = self.made[BLUEPILL].put_record(16).put_record(33)
        units = self.run_dump(flash)[1]["journal"]
        self.assertEqual([unit["address"] for unit in units],
                         [FLASH + 0x4000, FLASH + 0x4400])
        self.assertEqual([unit["positions"] for unit in units], [16, 16])
        self.assertEqual(units[0]["misplaced"], [])
        self.assertEqual([(r["position"], r["sequence"], r["newest"])
                          for unit in units for r in unit["records"]],
                         [(0, 0, False), (1, 33, True), (0, 16, False)])

    def test_not_given(self):
        for layout, flash in self.made.items():
            said, found = self.run_dump(flash)
            for name, (offset, _), role, slot in zip(
                    "AB", layout.slots, ("staged", "backup"), found["slots"]):
                self.assertIn("slot %s at W25Q 0x%06X (%s): not given "
                              "(--w25q)\n" % (name, offset, role), said)
                self.assertEqual(slot, {
                    "slot": name, "role": role, "w25q_offset": offset,
                    "valid": False, "erased": False, "vectors_only": False,
                    "error": "not given"})
            self.assertIn("  an update is staged in slot A and requested; the "
                          "slot is not given\n", said)
            flash.put_record(1, flag=1, source=4)
            self.assertIn("  an update that was put into slot A is requested; "
                          "the slot is not given\n", self.run_dump(flash)[0])

    def test_damaged(self):
        for flash in self.made.values():
            flash.w25q[500] ^= 1
            said, found = self.run_dump(flash, w25q=flash.w25q)
            self.assertEqual([slot["error"] for slot in found["slots"]],
                             ["bad CRC", ""])
            self.assertIn("staged in slot A and requested; not valid: bad CRC",
                          said)

    def test_erased(self):
        for flash in self.made.values():
            found = self.run_dump(flash, w25q=b"\xFF" * W25Q_SIZE)[1]
            self.assertEqual([slot["erased"] for slot in found["slots"]],
                             [True, True])

    def test_as_far_as_it_is_used(self):
        """An image file alone is a W25Q with it in slot A."""
        for layout, flash in self.made.items():
            data = image(layout.application(1001), 0x01010000)
            said, found = self.run_dump(flash, w25q=data)
            self.assertTrue(found["slots"][0]["valid"])
            self.assertTrue(found["slots"][1]["erased"])
            self.assertIn("(backup): no header (erased)\n", said)

    def test_every_cut(self):
        flash = self.made[BLUEPILL]
        for size in list(range(1, 1017, 37)) + [0x10008, 0x10010, 0x10100]:
            found = self.run_dump(flash, w25q=flash.w25q[:size])[1]["slots"]
            self.assertEqual([slot["valid"] for slot in found],
                             [size >= 1017, False], size)
            self.assertEqual([slot["erased"] for slot in found],
                             [False, size <= 0x10000], size)

    def test_a_part_of_the_internal_flash(self):
        flash = self.made[EXTERNAL]
        self.write("w25q.bin", bytes(flash.w25q))
        found = self.dump(flash.bytes[JOURNAL[0]:], "--base",
                          hex(FLASH + JOURNAL[0]), "--board", EXTERNAL.name,
                          "--w25q", "w25q.bin")
        self.assertFalse(found["bootloader"]["found"])
        self.assertTrue(found["slots"][1]["valid"])

    def test_bad_files(self):
        for flash in self.made.values():
            name = flash.layout.name
            self.write("flash.bin", bytes(flash.bytes))
            self.write("large.bin", bytes(flash.w25q) + b"\xFF")
            self.write("empty.bin", b"")
            for file, status, error in (
                    ("large.bin", 1, "large.bin: 8388609 bytes, but a W25Q64 "
                     "has 8388608: is it its read-out?"),
                    ("empty.bin", 1, "empty.bin is empty"),
                    ("missing", 2, "cannot open missing")):
                self.tool("dump", "flash.bin", "--board", name, "--w25q",
                          file, status=status, error=error)


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
