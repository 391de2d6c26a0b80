# SPDX-License-Identifier: MIT
"""SPEC.md against the code: offsets, magic numbers, enumerations, digest."""

import re
import tempfile
import unittest
import zlib
from pathlib import Path

from documents import (CC, ROOT, STRICT, defines, rows, run, section, text_of)

SPEC = text_of("SPEC.md")
LAYOUT = "boards/nucleo_f446re/single.h"

# SPEC's names that are not those of the code
RECORD_NAMES = {"tried version": "tried_version",
                "security-counter floor": "security_floor"}
INFO_NAMES = {"info format": "info_format", "target id": "target",
              "journal format": "journal_format",
              "image formats": "image_formats",
              "layout digest": "layout_digest"}


def print_facts(layout=LAYOUT):
    engine = sorted((ROOT / "src").glob("*.c"))
    with tempfile.TemporaryDirectory() as directory:
        program = Path(directory) / "facts"
        run(CC, *STRICT, "-I", ROOT / "include", "-I", ROOT / "boards",
            f'-DLAYOUT_HEADER="{ROOT / layout}"',
            "-DLAYOUT_SYMBOL=board_layout",
            Path(__file__).with_name("facts.c"), ROOT / "boards/layout.c",
            *engine, "-o", program)
        return run(program)


class Facts:
    def __init__(self, text):
        self.fields = {"record": {}, "image": {}, "info": {}}
        self.numbers = {}
        self.steps = {}
        for line in text.splitlines():
            kind, *rest = line.split(" ")
            if kind == "field":
                table, name, offset, size = rest
                self.fields[table][name] = (int(offset), int(size))
            elif kind == "number":
                self.numbers[" ".join(rest[:-1])] = int(rest[-1])
            elif kind == "step":
                self.steps[int(rest[0])] = rest[1]
            else:
                self.raw = bytes.fromhex(rest[0])


FACTS = Facts(print_facts())


def number(name):
    return FACTS.numbers[name]


def layout_table(title):
    """[(offset, size, name, meaning)] of a table of bytes, complete."""
    return [(int(row[0]), row[1], row[2], row[3])
            for row in rows(section(SPEC, title))
            if len(row) == 4 and row[0].isdigit()]


class Tables(unittest.TestCase):
    def assert_table(self, title, table, names, end):
        """Every field lies where SPEC says, and nothing is left out."""
        fields = dict(FACTS.fields[table])
        position = 0
        for offset, size, name, _ in layout_table(title):
            self.assertEqual(offset, position, f"{title}: {name}: gap")
            position += int(size)
            name = names.get(name, name)
            if name == "reserved":
                name = next(n for n in fields if n.startswith("reserved"))
            self.assertIn(name, fields, f"{title}: {name}: not in the code")
            self.assertEqual((offset, int(size)), fields.pop(name),
                             f"{title}: {name}")
        self.assertEqual(position, end, f"{title}: end")
        self.assertEqual(fields, {}, f"{title}: not in SPEC")

    def test_record(self):
        fields = FACTS.fields["record"]
        fields["record CRC"] = (60, 4)
        fields["roles"] = fields.pop("backup")
        self.assertEqual(fields.pop("staged"), fields["roles"])
        self.assert_table("Journal", "record", RECORD_NAMES,
                          number("OTA_RECORD_SIZE"))

    def test_record_crc(self):
        self.assertIn("CRC-32 of bytes 0–59", section(SPEC, "Journal"))
        self.assertEqual(int.from_bytes(FACTS.raw[60:], "little"),
                         zlib.crc32(FACTS.raw[:60]))

    def test_info_block(self):
        self.assert_table("Info block", "info", INFO_NAMES,
                          number("OTA_INFO_SIZE"))

    def test_plain_image(self):
        table = layout_table("Plain")
        self.assertEqual({name: (offset, int(size))
                          for offset, size, name, _ in table[:-1]},
                         FACTS.fields["image"])
        self.assertEqual(table[-1][0], number("OTA_PLAIN_HEADER_SIZE"))

    def test_signed_header_has_no_gaps(self):
        position = 0
        for offset, size, name, _ in layout_table("Signed"):
            self.assertEqual(offset, position, name)
            position += int(size)
        self.assertEqual(position, number("OTA_HEADER_SPACE"))

    def test_steps(self):
        pairs = re.findall(r"\b(\d+) (\w+)",
                           section(SPEC, "Journal").split("`enum ota_step` |")
                           [1])
        self.assertEqual({int(k): v for k, v in pairs}, FACTS.steps)


class Numbers(unittest.TestCase):
    def assert_cell(self, title, name, value):
        meaning = next(row[3] for row in layout_table(title) if row[2] == name)
        self.assertRegex(meaning, rf"(?<!\w){value}(?!\w)", f"{title}: {name}")

    def test_magic_numbers(self):
        self.assert_cell("Plain", "magic", f"0x{number('OTA_MAGIC_PLAIN'):08X}")
        for title, name in (("Signed", "OTA_MAGIC_SIGNED"),
                            ("Info block", "OTA_INFO_MAGIC")):
            value = number(name)
            text = value.to_bytes(4, "little").decode()
            self.assert_cell(title, "magic",
                             f"0x{value:08X}, the bytes `{text}`")

    def test_formats_and_flags(self):
        for title, name, value in (
                ("Info block", "info format", number("OTA_INFO_FORMAT")),
                ("Journal", "format", number("OTA_JOURNAL_FORMAT")),
                ("Journal", "flags", "bit 0 settled"),
                ("Info block", "image formats", "bit 0 plain"),
                ("Info block", "features", "bit 0: installs from a C array")):
            self.assert_cell(title, name, value)
        for name in ("OTA_RECORD_SETTLED", "OTA_FORMAT_PLAIN",
                     "OTA_FEATURE_C_ARRAY"):
            self.assertEqual(number(name), 1, name)
        self.assert_cell("Info block", "features",
                         "1: receives by XMODEM and YMODEM")
        self.assertEqual(number("OTA_FEATURE_UART"), 1 << 1)
        self.assert_cell("Info block", "features",
                         "2: a new application has to confirm")
        self.assertEqual(number("OTA_FEATURE_TRIAL"), 1 << 2)
        self.assert_cell("Info block", "features", "3: reads an SD card")
        self.assertEqual(number("OTA_FEATURE_SD"), 1 << 3)
        self.assert_cell("Info block", "features",
                         "4: takes an image that lies in slot A")
        self.assertEqual(number("OTA_FEATURE_SLOT_A"), 1 << 4)
        self.assertEqual(len(re.findall(r"define OTA_FEATURE_",
                                        text_of("include/ota/info.h"))), 5)

    def test_states_and_sources(self):
        self.assert_cell("Journal", "state",
                         f"{number('OTA_STATE_CONFIRMED')} confirmed, "
                         f"{number('OTA_STATE_INSTALLING')} installing, "
                         f"{number('OTA_STATE_TRIAL')} trial, "
                         f"{number('OTA_STATE_REVERTING')} reverting")
        self.assert_cell("Journal", "source",
                         f"{number('OTA_SOURCE_ANY')} any, "
                         f"{number('OTA_SOURCE_C_ARRAY')} C array, "
                         f"{number('OTA_SOURCE_STAGED')} staged, "
                         f"{number('OTA_SOURCE_UART')} UART, "
                         f"{number('OTA_SOURCE_SLOT_A')} slot A, "
                         f"{number('OTA_SOURCE_SD')} SD card")
        self.assertEqual(len(re.findall(r"(?m)^    OTA_SOURCE_\w+ = ",
                                        text_of("include/ota/source.h"))), 6)

    def test_roles(self):
        none, a, b = (number(f"OTA_SLOT_{name}") for name in
                      ("NONE", "A", "B"))
        self.assert_cell("Journal", "roles",
                         "bits 3–0 backup, 7–4 staged, each `enum ota_slot`: "
                         f"{none} none, {a} A, {b} B")
        self.assertEqual(number("roles"), a | b << 4)

    def test_places(self):
        self.assertIn(f"bootloader + 0x{number('OTA_INFO_OFFSET'):X}",
                      section(SPEC, "Info block"))
        slot = rows(section(SPEC, "App slot"))
        self.assertEqual([slot[0][1], slot[1][0]],
                         [str(number("OTA_HEADER_SPACE"))] * 2)
        sizes = [str(number(f"OTA_{name}")) for name in
                 ("PLAIN_HEADER_SIZE", "HEADER_SPACE")]
        slot = rows(section(SPEC, "Slots A and B"))
        self.assertEqual(slot[1][0], " or ".join(sizes))
        self.assertIn(slot[1][0], slot[0][2])

    def test_version_example(self):
        self.assertIn(f"`1.2.3` is `0x{number('OTA_VERSION(1, 2, 3)'):08X}`",
                      section(SPEC, "Versions"))

    def test_crc_example(self):
        value = number('ota_crc32(0, "123456789", 9)')
        self.assertIn(f"`123456789` give 0x{value:08X}",
                      section(SPEC, "CRC-32"))

    def test_errors(self):
        """Each with its number and its text, in the order of the header."""
        header = text_of("include/ota/error.h")
        texts = dict(re.findall(r'X\((OTA_\w+), "([^"]*)"\)',
                                text_of("src/error.c")))
        want = [[value, f"`{name}`", texts[name]] for name, value in
                re.findall(r"(?m)^ +(OTA_\w+) = (-?\d+),", header)]
        self.assertEqual(rows(section(SPEC, "Errors")), want)
        self.assertEqual(len(want), len(texts))

    def test_errors_are_in_the_order_of_the_code(self):
        """Of the checks that image.c makes in a row."""
        code = text_of("src/image.c")
        code = code[code.index("int ota_image_decode"):]
        want = [name for _, name in rows(section(SPEC, "What a board accepts"))]
        self.assertEqual(want[-1], "`OTA_ERR_CRC`")  # boot.c and install.c
        inside = [name.strip("`") for name in want[2:-1]]
        returns = re.findall(r"return (OTA_ERR_\w+)", code)
        in_order = [name for i, name in enumerate(returns)
                    if i == 0 or name != returns[i - 1]]
        self.assertEqual(in_order[-6:], inside[-6:])
        self.assertEqual(set(re.findall(r"return (OTA_ERR_\w+)", code)),
                         {name.strip("`") for name in want[:-1]})


class Layouts(unittest.TestCase):
    def test_target_ids(self):
        found = {}
        for header in (ROOT / "boards").glob("*/*.h"):
            text = header.read_text(encoding="utf-8")
            name = re.search(r'LAYOUT_NAME +"([^"]+)"', text)[1]
            found[name] = int(re.search(r"LAYOUT_TARGET +(\w+)", text)[1], 0)
        table = {name.strip("`"): int(target, 0)
                 for target, name in rows(section(SPEC, "Target ids"))}
        self.assertEqual(table, found)
        self.assertEqual(len(set(found.values())), len(found))

    def test_digest(self):
        """Computed by SPEC's words."""
        text = " ".join(section(SPEC, "Info block").split())
        start, prime = re.search(
            r"begin with (0x\w+); .* multiply by (0x\w+) modulo 2\^64",
            text).groups()
        names = {"bootloader": "BOOT", "journal unit 0": "JOURNAL0",
                 "journal unit 1": "JOURNAL1", "app slot": "APP",
                 "slot A": "SLOT_A", "slot B": "SLOT_B", "C array": "ARRAY"}
        areas = re.search(r"offset and size of the ([^.]*)\.", text)[1]
        self.assertEqual(areas.split(", "), list(names))
        self.assertIn("An area that the layout lacks counts with offset 0 and "
                      "size 0", text)
        for header in sorted((ROOT / "boards").glob("*/*.h")):
            path = header.relative_to(ROOT)
            layout = defines(path)
            words = [layout["LAYOUT_TARGET"], layout["FLASH_BASE"]]
            for area in names.values():
                words += [layout[f"{area}_OFFSET"], layout[f"{area}_SIZE"]]
            digest = int(start, 0)
            for word in words:
                digest = (digest ^ word) * int(prime, 0) % 2**64
            facts = Facts(print_facts(path))
            self.assertEqual(digest, facts.numbers["board_layout.digest"],
                             path)


if __name__ == "__main__":
    unittest.main()
