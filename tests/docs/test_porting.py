# SPDX-License-Identifier: MIT
"""PORTING.md, followed in a copy of the tree: its commands are run, its lines
are put where it says, and what it promises must be seen."""

import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from documents import ROOT, blocks, run, section, text_of

PORTING = text_of("PORTING.md")
STEPS = {title.split(".")[0]: title
         for title in re.findall(r"(?m)^### ([AB]\d\. .*)$", PORTING)}

FLASH = "extern const struct ota_flash x900_flash;\n"


def step(name, language):
    """The blocks of a step."""
    return blocks(section(PORTING, STEPS[name]), language)


class Copy:
    """A tree in which somebody ports."""

    def __init__(self, path):
        self.root = Path(path) / "sureboot"
        shutil.copytree(ROOT, self.root, ignore=self.not_source)

    @staticmethod
    def not_source(directory, names):
        return {"build", ".git"} & set(names) if directory == str(ROOT) else ()

    def do(self, script):
        return run("sh", "-ec", script, cwd=self.root)

    def edit(self, name, *changes):
        """Each change: what there is, what takes its place; once."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text, f"{name}: {old}"
            text = text.replace(old, new, 1)
        path.write_text(text, encoding="utf-8")

    def add_board(self, layout):
        """A4's lines, for this layout."""
        listed, = step("A4", "c")
        declared, entry = re.search(
            r"(extern [^\n]*;\n)\n.*\n(    &myboard[^\n]*)\n", listed,
            re.DOTALL).groups()
        line, = step("A4", "cmake")
        rename = [text.replace("internal", layout)
                  for text in (declared, entry, line)]
        self.edit("tool/boards.c",
                  ("\nconst struct ota_layout *const",
                   f"{rename[0]}\nconst struct ota_layout *const"),
                  ("NULL,\n};", f"{rename[1].strip()}\n    NULL,\n}};"))
        self.edit("tool/CMakeLists.txt",
                  ("\ntarget_compile_definitions(otatool PRIVATE",
                   f"{rename[2]}\ntarget_compile_definitions(otatool PRIVATE"))

    def add_preset(self, layout):
        configure, build = (text.rstrip() for text in step("A5", "json"))
        assert '"OTA_LAYOUT": "internal"' in configure
        configure = configure.replace('"internal"', f'"{layout}"')
        self.edit("CMakePresets.json",
                  ('  "configurePresets": [\n',
                   f'  "configurePresets": [\n{configure},\n'),
                  ('  "buildPresets": [\n',
                   f'  "buildPresets": [\n{build},\n'))


class PartA(unittest.TestCase):
    """A board, from the copy of another to an update on the virtual one."""

    def follow(self, like, mcu, layout, edits, options):
        """edits: {file: changes} for A3; options: changes of A7's command."""
        with tempfile.TemporaryDirectory() as path:
            copy = Copy(path)
            said, = blocks(section(PORTING, "A. A board"), "sh")
            self.assertEqual(re.findall(r"(?m)^\w+(?==)", said),
                             ["like", "mcu", "layout"])
            names = f"like={like}; mcu={mcu}; layout={layout}\n"
            copy.do(names + step("A1", "sh")[0])
            copy.edit(f"boards/myboard/{layout}.h",
                      (f'"{like}-', '"myboard-'))
            target = re.search(r"LAYOUT_TARGET 0x00(\w{6})",
                               (copy.root / f"boards/myboard/{layout}.h")
                               .read_text(encoding="utf-8"))[1]
            copy.edit(f"boards/myboard/{layout}.h", (target, "FFFFF1"))
            for name, changes in edits.items():
                copy.edit(name, *changes)
            copy.add_board(layout)
            copy.add_preset(layout)

            build, impossible = step("A4", "sh")[0].strip().splitlines()
            copy.do(build)
            answer = copy.do(f"{impossible} 2>&1 || true")
            self.assertIn("bad stack pointer", answer)
            self.assertIn(f"myboard-{layout}", answer)

            files = copy.do(step("A5", "sh")[0])
            names_seen = {"boot", "app-1.0.0", "minimal-1.0.0"}
            if layout == "internal":
                names_seen.add("ota_image")
            for name in names_seen:
                self.assertIn(f"build/myboard/{name}.elf", files)

            first, on_w25q, in_array = step("A6", "sh")
            lines = copy.do(first).splitlines()
            self.assertEqual(len(lines), first.count("\n"))
            for line in lines:
                self.assertRegex(line, rf"version 1\.\d\.0.* myboard-{layout}")
            if layout == "external":
                self.assertIn("w25q.bin: version 1.1.0 in slot A",
                              copy.do(on_w25q))
            else:
                self.assertRegex(copy.do(in_array),
                                 "version 1.1.0 in the C array\n$")

            vboard = step("A7", "sh")[0]
            for old, new in options:
                self.assertIn(old, vboard)
                vboard = vboard.replace(old, new)
            answer = copy.do(names + vboard)
            at = 0
            for text in (f", myboard-{layout};", "running 1.0.0",
                         "app 1.0.0: running", "app 1.1.0: running",
                         "confirmed: ok"):
                self.assertIn(text, answer[at:])
                at = answer.index(text, at)

    def test_f446_internal(self):
        """With a crystal that the PLL cannot use."""
        self.follow("nucleo_f446re", "stm32f446re", "internal",
                    {"boards/myboard/board.c":
                     [("{8000000, true}", "{25000000, false}")]},
                    [("--w25q w25q.bin ", ""), ("--hse 8M", "--hse 25M")])

    def test_f446_external(self):
        """With the W25Q on the SPI of the SD card."""
        self.follow("nucleo_f446re", "stm32f446re", "external",
                    {"boards/myboard/board.c":
                     [("{2, 5, PB13, PB14, PB15, PB12}",
                       "{1, 5, PA5, PA6, PA7, PA15}")]},
                    [("w25q.bin", "w25q.bin@SPI1:PA15")])

    def test_f103_external(self):
        """With another button."""
        self.follow("bluepill_f103c8", "stm32f103c8", "external",
                    {"boards/myboard/board.c": [("PA8", "PB11")],
                     "examples/blink/button.c":
                     [("EXTI9_5_IRQHandler", "EXTI15_10_IRQHandler")] * 2},
                    [("PA8@1s", "PB11@1s")])


class PartB(unittest.TestCase):
    """A generation: the template's copy builds, otatool knows its board, and
    filled in it runs."""

    def move_geometry(self, copy):
        source = "port/stm32/x9/flash.c"
        text = (copy.root / source).read_text(encoding="utf-8")
        constant = re.search(r"(?ms)^static (const struct ota_geometry "
                             r"x900_geometry = \{.*?^\};\n)", text)
        copy.edit(source, (constant[0], ""),
                  ('#include "port.h"', '#include "geometry.h"\n'
                                        '#include "port.h"'),
                  (FLASH, ""))
        copy.edit("port/stm32/port.h",
                  ("extern const struct ota_flash stm32f103_flash;\n",
                   f"extern const struct ota_flash stm32f103_flash;\n{FLASH}"))
        copy.edit("port/stm32/geometry.c",
                  ('#include "geometry.h"\n',
                   f'#include "geometry.h"\n\n{constant[1]}'))
        copy.edit("port/stm32/geometry.h",
                  ("\n#endif", "extern const struct ota_geometry "
                               "x900_geometry;\n\n#endif"))

    def fill_in(self, copy):
        """With what the F103 has, and the shared USART and SPI as its own."""
        copy.do("""
            cd port/stm32
            cp f1/registers.h f1/gpio.c f1/pll.c usart.c spi.c x9
            cp f1/vectors_f103.c x9/vectors_x900.c
            sed 's/f103_flash/x900_flash/; s/stm32x900/x900/
                s/stm32f103_geo/x900_geo/' f1/flash.c >x9/flash.c
            cd ../../boards/myboard
            sed -i 's/cortex-m4/cortex-m3/' chip.cmake""")
        copy.edit("port/stm32/geometry.c", ("256 * 1024", "64 * 1024"),
                  (".write_unit = 8", ".write_unit = 2"),
                  ("{{128, 2048}}", "{{64, 1024}}"))
        path = copy.root / "boards/myboard/internal.h"
        text = path.read_text(encoding="utf-8")
        for name, number in {
                "FLASH_SIZE": 0x10000, "BOOT_SIZE": 0x5000,
                "JOURNAL0_OFFSET": 0x5000, "JOURNAL0_SIZE": 0x400,
                "JOURNAL1_OFFSET": 0x5400, "JOURNAL1_SIZE": 0x400,
                "APP_OFFSET": 0x5800, "APP_SIZE": 0x3800,
                "SLOT_A_OFFSET": 0x9000, "SLOT_A_SIZE": 0x3800,
                "SLOT_B_OFFSET": 0xC800, "SLOT_B_SIZE": 0x3800}.items():
            text = re.sub(rf"(#define {name} +)\w+", rf"\g<1>{number:#x}", text)
        path.write_text(text, encoding="utf-8")

    def run_filled_in(self, copy):
        """An update from an SD card, the button held at reset."""
        self.fill_in(copy)
        copy.do("scripts/build host otatool vboard; scripts/build myboard")
        self.assertNotIn("FILL", copy.do("cat port/stm32/x9/*"))
        copy.do(step("A6", "sh")[0])
        copy.do("""
            truncate -s 8M card.img
            mkfs.vfat card.img
            mcopy -i card.img v2.bin ::firmware.bin""")
        answer = copy.do("""build/host/bin/vboard run --mcu stm32f103c8 \
            --load factory.bin@0x08000000 --sd card.img --uart1 stdio \
            --press PA8@0s:2s --until "confirmed: ok" --for 9s""")
        self.assertIn(", myboard-internal;", answer)
        self.assertIn("app 1.1.0: running", answer)

    def test_template(self):
        with tempfile.TemporaryDirectory() as path:
            copy = Copy(path)
            copy.do(step("B1", "sh")[0])
            copy.edit("boards/myboard/chip.cmake",
                      ("set(OTA_PORT template)", "set(OTA_PORT stm32/x9)"),
                      ("set(OTA_CHIP template)", "set(OTA_CHIP x900)"))
            copy.add_preset("internal")
            todo = copy.do(step("B1", "sh")[1])
            self.assertTrue((copy.root / "build/myboard/boot.elf").exists())
            for name in os.listdir(ROOT / "port/template"):
                if name.endswith(".c") or name == "registers.h":
                    name = name.replace("template", "x900")
                    self.assertIn(f"port/stm32/x9/{name}:", todo)

            self.move_geometry(copy)
            device, = step("B2", "c")
            copy.edit("tool/readout.c",
                      ("\nvoid readout_init", f"{device}\nvoid readout_init"))
            copy.add_board("internal")
            build, impossible = step("A4", "sh")[0].strip().splitlines()
            copy.do(build)
            self.assertIn("myboard-internal",
                          copy.do(f"{impossible} 2>&1 || true"))
            copy.do("scripts/build myboard")
            self.run_filled_in(copy)


if __name__ == "__main__":
    unittest.main()
