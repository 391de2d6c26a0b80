# SPDX-License-Identifier: MIT
"""docs/cubeide.md: its files and blocks build for the target, complete."""

import re
import tempfile
import unittest
from pathlib import Path

from documents import (ROOT, STRICT, blocks, defines, run, section, text_of)

PAGE = text_of("docs/cubeide.md")
LAYOUT = defines("boards/nucleo_f446re/internal.h")
HEADER_SPACE = 512
COMPILE = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb",
           "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard", "-Os", *STRICT]
# what a CubeIDE project has: the C library, HAL, CMSIS-RTOS2, its own mutex
GIVEN = (r"mem(cpy|cmp|set)|HAL_\w+|__HAL_\w+|NVIC_\w+|os[A-Z]\w+|flash_mutex|"
         r"hspi2")
EXTERNAL = defines("boards/nucleo_f446re/external.h")
W25Q = "10. Slots on a W25Q64"


def lists():
    files, includes = blocks(section(PAGE, "1. Files to add"), "text")
    more = blocks(section(PAGE, W25Q), "text")[0]
    return files.split() + more.split(), includes.split()


def flags():
    paths = [line.replace("Sureboot", str(ROOT), 1) for line in lists()[1]]
    return [word for path in paths for word in ("-I", path)]


def compile_to(directory, name, source):
    target = Path(directory) / f"{name}.o"
    run(*COMPILE, *flags(), "-I", Path(__file__).with_name("cube"), "-c",
        source, "-o", target)
    return target


def build_all(directory):
    """All objects that the page makes."""
    objects = []
    for i, path in enumerate(lists()[0]):
        objects.append(compile_to(directory, f"file{i}", ROOT / path))
    for i, block in enumerate(blocks(PAGE, "c")):
        source = Path(directory) / f"block{i}.c"
        source.write_text(block, encoding="utf-8")
        objects.append(compile_to(directory, f"block{i}", source))
    return objects


class Build(unittest.TestCase):
    def test_page_has_files_and_blocks(self):
        self.assertGreaterEqual(len(lists()[0]), 10)
        self.assertGreaterEqual(len(blocks(PAGE, "c")), 4)

    def test_nothing_is_missing(self):
        with tempfile.TemporaryDirectory() as directory:
            joined = Path(directory) / "joined.o"
            run("arm-none-eabi-ld", "-r", *build_all(directory), "-o", joined)
            undefined = run("arm-none-eabi-nm", "-u", "-P", joined)
        names = [line.split()[0] for line in undefined.splitlines()]
        missing = [n for n in names if not re.fullmatch(GIVEN, n)]
        self.assertEqual(missing, [], "add the file that has it to the list")

    def test_no_file_is_superfluous(self):
        """Each file of the list defines something that another one uses."""
        with tempfile.TemporaryDirectory() as directory:
            objects = build_all(directory)
            used = set(run("arm-none-eabi-nm", "-u", "-P", "-A", *objects)
                       .split())
            for path, item in zip(lists()[0], objects):
                lines = run("arm-none-eabi-nm", "-g", "-P", "--defined-only",
                            item).splitlines()
                names = {line.split()[0] for line in lines}
                # error texts are for the user
                self.assertTrue(names & (used | {"ota_error_text"}), path)

    def test_size_of_the_state(self):
        app, stage = re.search(r"`struct ota_app` takes (\d+) bytes of RAM and "
                               r"`struct ota_stage`\s(\d+);", PAGE).groups()
        with tempfile.TemporaryDirectory() as directory:
            source = Path(directory) / "size.c"
            source.write_text('#include "ota/stage.h"\n_Static_assert(sizeof('
                              f'struct ota_app) == {app} && sizeof('
                              f'struct ota_stage) == {stage}, "size");\n',
                              encoding="utf-8")
            compile_to(directory, "size", source)


class Numbers(unittest.TestCase):
    def test_linker_script(self):
        origin, kib, less = re.search(
            r"ORIGIN = (0x\w+), +LENGTH = (\d+)K - (\d+)", PAGE).groups()
        start = LAYOUT["FLASH_BASE"] + LAYOUT["APP_OFFSET"] + HEADER_SPACE
        self.assertEqual(int(origin, 0), start)
        self.assertEqual(int(kib) * 1024, LAYOUT["APP_SIZE"])
        self.assertEqual(int(less), HEADER_SPACE)

    def test_vector_table(self):
        offset = int(re.search(r"VECT_TAB_OFFSET +(0x\w+)U", PAGE)[1], 0)
        self.assertEqual(offset, LAYOUT["APP_OFFSET"] + HEADER_SPACE)
        self.assertEqual(offset % 0x200, 0)
        self.assertIn(f"0x{offset:X} is", PAGE)

    def test_areas(self):
        """Sectors of the table, addresses, the largest application."""
        own = LAYOUT["FLASH_BASE"] + LAYOUT["ARRAY_OFFSET"]
        self.assertIn(f"DATA_ADDRESS 0x{own:08X}u", PAGE)
        self.assertIn(f"KiB at 0x{own:08X}", PAGE)
        self.assertIn(f"own data, {LAYOUT['ARRAY_SIZE'] // 1024} KiB", PAGE)
        self.assertEqual(LAYOUT["APP_OFFSET"], 0x20000)  # S5
        self.assertEqual(LAYOUT["SLOT_A_OFFSET"], 0x40000)  # S6
        self.assertEqual(LAYOUT["SLOT_B_OFFSET"], 0x60000)  # S7
        largest = min(LAYOUT["APP_SIZE"] - HEADER_SPACE,
                      LAYOUT["SLOT_A_SIZE"] - 16, LAYOUT["SLOT_B_SIZE"] - 16)
        self.assertIn(f"That is {largest:,} bytes", PAGE)

    def test_external(self):
        """The numbers of the other layout."""
        text = " ".join(section(PAGE, W25Q).split())
        origin, kib, less, largest, offset = re.search(
            r"ORIGIN = (0x\w+)`, `LENGTH = (\d+)K - (\d+)` \(([\d,]+) bytes\), "
            r"the vector table the offset `(0x\w+)U", text).groups()
        app = EXTERNAL["APP_OFFSET"] + HEADER_SPACE
        self.assertEqual(int(origin, 0), EXTERNAL["FLASH_BASE"] + app)
        self.assertEqual(int(offset, 0), app)
        self.assertEqual(int(kib) * 1024, EXTERNAL["APP_SIZE"])
        self.assertEqual(int(less), HEADER_SPACE)
        self.assertEqual(int(largest.replace(",", "")),
                         EXTERNAL["APP_SIZE"] - HEADER_SPACE)
        end = EXTERNAL["SLOT_B_OFFSET"] + EXTERNAL["SLOT_B_SIZE"]
        self.assertIn(f"from 0x{end:X} on, is yours", text)


if __name__ == "__main__":
    unittest.main()
