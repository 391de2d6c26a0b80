# SPDX-License-Identifier: MIT
"""All documents: links, names of the code, commands, numbers, README's C."""

import json
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from documents import (CC, ROOT, STRICT, blocks, cited_tests, defines,
                       documents, rows, run, section, text_of, without_blocks)

README = text_of("README.md")
TOOLS = {"otatool": os.environ["OTATOOL"], "vboard": os.environ["VBOARD"]}
SOURCES = ("include", "src", "sources", "drivers", "boot", "boards", "port",
           "examples", "tool", "vboard", "tests")
# a board that the reader of PORTING.md makes
INVENTED = ("myboard", "x9")  # and a chip generation


def anchors(path):
    """The anchors of a document's headings, as code hosts make them."""
    heads = re.findall(r"(?m)^#+ (.*)$",
                       without_blocks(path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-")
            for head in heads}


def links():
    for path in documents():
        text = without_blocks(path.read_text(encoding="utf-8"))
        for target in re.findall(r"\]\(([^)]+)\)", text):
            if not re.match(r"[a-z]+:", target):
                yield path, target


def command_lines():
    """(document, words) of each call of one of our programs."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for language in ("sh", "console", "text"):
            for block in blocks(text, language):
                for line in block.replace("\\\n", " ").splitlines():
                    line = re.sub(r"^\$ ", "", line).partition(" | ")[0]
                    words = line.split()
                    if words and Path(words[0]).name in TOOLS:
                        yield path, words


def layout_headers():
    """{"board-layout": its numbers}"""
    return {f"{path.parent.name}-{path.stem}": defines(path.relative_to(ROOT))
            for path in sorted((ROOT / "boards").glob("*/*.h"))}


class Links(unittest.TestCase):
    def test_targets_exist(self):
        found = list(links())
        self.assertGreater(len(found), 20)
        for path, target in found:
            name, _, anchor = target.partition("#")
            file = (path.parent / name).resolve() if name else path
            self.assertTrue(file.exists(), f"{path.name}: {target}")
            if anchor:
                self.assertIn(anchor, anchors(file), f"{path.name}: {target}")


class Names(unittest.TestCase):
    """What stands in code font exists."""

    @classmethod
    def setUpClass(cls):
        files = [file for folder in SOURCES
                 for file in (ROOT / folder).rglob("*.[ch]")]
        files += (ROOT / "cmake").glob("*.cmake")
        files += (ROOT / "port").rglob("chip.cmake")
        code = "\n".join(f.read_text(encoding="utf-8") for f in files)
        cls.words = set(re.findall(r"\w+", code))

    def spans(self):
        for path in documents():
            text = without_blocks(path.read_text(encoding="utf-8"))
            for span in re.findall(r"`([^`\n]+)`", text):
                yield path.name, span

    def test_identifiers(self):
        count = 0
        for name, span in self.spans():
            for word in re.findall(r"\b(?:ota|stm32|OTA|board)_\w+\b", span):
                if word.endswith(("_h", "_bin", "_image", "_layout", "_")):
                    continue  # part of a file name, or of `ota_area_*`
                count += 1
                self.assertTrue(word in self.words, f"{name}: {word}")
        self.assertGreater(count, 40)

    def quotes(self, pattern, *files):
        """The lines that begin like this; what they say, the files can say."""
        texts = " ".join(text_of(file) for file in files)
        texts = " ".join(re.sub(r"%[vus]", "", texts).split())
        count = 0
        for name, span in self.spans():
            if re.match(pattern, span):
                count += 1
                for part in re.split(r": |; |, |\(|\)|\.\.\.|[\d.]{5}", span):
                    part = " ".join(re.sub(r"\b\d\b", "", part).split())
                    self.assertTrue(part in texts, f"{name}: {span}: {part}")
        return count

    def test_lines_of_the_bootloader(self):
        """What the documents quote of its console, it can print."""
        self.assertGreater(self.quotes(
            r"no valid app|update to|update requested$|running|installed|"
            r"install of|waiting|journal: |[\d.]{5}: ", "boot/log.c",
            "src/error.c", "src/record.c"), 8)

    def test_lines_of_the_application(self):
        self.assertGreater(self.quotes(
            r"app \d|confirmed: |no update: |update requested, ",
            "examples/blink/main.c", "src/error.c"), 2)

    def test_paths(self):
        """`src/image.c` and the like."""
        count = 0
        for name, span in self.spans():
            # tests that are cited say where they are below tests/
            if re.fullmatch(r"(\./)?(src|sources|drivers|include|boot|"
                            r"boards|port|tests|tool|scripts|examples|docs)/[\w./-]+", span) and \
                    not span.startswith(("tool/test_", "drivers/test_")):
                count += 1
                if not any(name in span for name in INVENTED):
                    self.assertTrue((ROOT / span).exists(), f"{name}: {span}")
        self.assertGreater(count, 15)

    def assert_tests_exist(self, table):
        for what, *_, held_by in table:
            for file, names in cited_tests(held_by):
                code = text_of(f"tests/{file}")
                for name in names:
                    self.assertRegex(code, rf"\b{name}\b", what)

    def test_tests_that_hold_a_rule(self):
        """DESIGN's table: `unit/test_boot.c` some_test, another_test."""
        table = rows(section(text_of("DESIGN.md"),
                             "Rules, and the test that holds each"))
        self.assertGreater(len(table), 5)
        self.assert_tests_exist(table)

    def test_tests_that_show_an_answer(self):
        """SPEC's tables: input, answer, tests."""
        text = text_of("SPEC.md")
        for title in ("The application's calls", "An SD card", "The W25Q64",
                      "What the bootloader finds", "The serial line"):
            table = rows(section(text, title))
            self.assertGreater(len(table), 10, title)
            self.assert_tests_exist(table)
            for _, _, held_by in table:
                # a file alone would not say much
                self.assertTrue(all(names for _, names in
                                    cited_tests(held_by)), held_by)


class Commands(unittest.TestCase):
    def help_of(self, words):
        program = TOOLS[Path(words[0]).name]
        command = [] if words[1].startswith("-") else [words[1]]
        return run(program, *command, "--help")

    def test_options_exist(self):
        found = list(command_lines())
        self.assertGreater(len(found), 8)
        for path, words in found:
            known = re.findall(r"(?<![\w-])--?[\w-]+", self.help_of(words))
            for word in words[1:]:
                if word.startswith("-"):
                    option = word.partition("=")[0]
                    self.assertIn(option, known,
                                  f"{path.name}: {' '.join(words)}")

    def test_options_in_the_text_exist(self):
        """`--w25q` and the like, in one of our programs or of others."""
        helps = [run(TOOLS["vboard"], "run", "--help"), run(ROOT / "demo", "-h"),
                 text_of("check"), text_of("scripts/setup")]
        helps += [run(TOOLS["otatool"], command, "--help") for command in
                  ("pack", "info", "verify", "c-array", "merge", "dump",
                   "send")]
        known = set(re.findall(r"(?<![\w-])--[\w-]+", " ".join(helps)))
        ours = {*TOOLS, "demo", "check", "setup"}
        count = 0
        for path in documents():
            text = without_blocks(path.read_text(encoding="utf-8"))
            for span in re.findall(r"`([^`]+)`", text):
                first = Path(span.split()[0]).name
                if not first.startswith("--") and first not in ours:
                    continue
                for option in re.findall(r"(?<!\S)--[\w-]+", span):
                    count += 1
                    self.assertIn(option, known, f"{path.name}: {span}")
        self.assertGreater(count, 15)

    def test_demo_lines_exist(self):
        """Boards, layouts and scenes that `./demo ...` is told."""
        words = re.findall(r"(?:--)?\w[\w-]*", run(ROOT / "demo", "-h"))
        found = [line for path in documents() for line in re.findall(
            r"(?m)(?:^|`)\./demo( [^`#\n]+)", path.read_text(encoding="utf-8"))]
        self.assertGreater(len(found), 2)
        for line in found:
            for word in line.split():
                self.assertIn(word, words, line)

    def test_scripts_and_presets_exist(self):
        presets = json.loads(text_of("CMakePresets.json"))
        names = {p["name"] for p in presets["configurePresets"]} | set(INVENTED)
        count = 0
        for path in documents():
            for block in blocks(path.read_text(encoding="utf-8"), "sh"):
                for name in re.findall(r"(?:--preset|scripts/build) ([\w-]+)",
                                       block):
                    self.assertIn(name, names, path.name)
                    count += 1
                for script in re.findall(r"(?m)^(\./\w+|scripts/\w+)", block):
                    self.assertTrue(os.access(ROOT / script, os.X_OK),
                                    f"{path.name}: {script}")
                    count += 1
        self.assertGreater(count, 8)


class Readme(unittest.TestCase):
    def test_c_blocks_compile(self):
        found = blocks(README, "c")
        self.assertGreaterEqual(len(found), 1)
        compilers = [CC] + [c for c in ("clang",) if shutil.which(c)]
        with tempfile.TemporaryDirectory() as directory:
            for i, block in enumerate(found):
                source = Path(directory) / f"block{i}.c"
                source.write_text(block, encoding="utf-8")
                for compiler in compilers:
                    run(compiler, *STRICT, "-fsyntax-only", "-I",
                        ROOT / "include", source)

    def assert_picture(self, layout, pattern, names):
        """Addresses and sizes in a picture, as the layout has them."""
        areas = {int(address, 0) - layout.get("FLASH_BASE", 0):
                 int(kib) * 1024
                 for address, kib in re.findall(pattern, README)}
        self.assertEqual(areas, {layout[f"{n}_OFFSET"]: layout[f"{n}_SIZE"]
                                 for n in names})

    def test_picture_of_the_flash(self):
        self.assert_picture(defines("boards/nucleo_f446re/internal.h"),
                            r"(?m)^(0x08\w{6})  S[S\d ]+? +(\d+) KiB",
                            ("BOOT", "JOURNAL0", "JOURNAL1", "ARRAY", "APP",
                             "SLOT_A", "SLOT_B"))

    def test_picture_of_the_blue_pill(self):
        layout = defines("boards/bluepill_f103c8/external.h")
        self.assert_picture(layout, r"(?m)^(0x08\w{6}) +(\d+) KiB  ",
                            ("BOOT", "JOURNAL0", "JOURNAL1", "APP"))
        del layout["FLASH_BASE"]  # slots: from the W25Q's byte 0
        self.assert_picture(layout, r" (0x\w{6}) +(\d+) KiB  slot [AB]\n",
                            ("SLOT_A", "SLOT_B"))
        self.assertIn(f"0x{layout['SLOT_B_OFFSET'] + layout['SLOT_B_SIZE']:06x}"
                      "  yours", README)

    def test_largest_applications(self):
        table = {row[0].strip("`"): row[3]
                 for row in rows(section(README, "The flash"))}
        headers = layout_headers()
        self.assertEqual(sorted(table), sorted(headers))
        limits = " ".join(section(README, "Limits").split())
        for name, layout in headers.items():
            largest = layout["APP_SIZE"] - 512
            for slot in ("SLOT_A", "SLOT_B"):
                if layout[f"{slot}_SIZE"] > 0:
                    largest = min(largest, layout[f"{slot}_SIZE"] - 16)
            self.assertIn(f"{largest:,} bytes", table[name])
            self.assertIn(f"{largest:,}", limits)
        array = headers["nucleo_f446re-single"]["ARRAY_SIZE"] - 16
        self.assertIn(f"{array:,} from the array",
                      table["nucleo_f446re-single"])
        self.assertIn(f"{array:,} bytes of application", limits)

    def test_slots_on_the_w25q(self):
        """Where they are, and how large, in the table of the layouts."""
        table = {row[0].strip("`"): row[2]
                 for row in rows(section(README, "The flash"))}
        for name in layout_headers():
            header = text_of(f"boards/{name.replace('-', '/', 1)}.h")
            external = re.search(r"SLOT_DEVICE +(\w+)", header)[1]
            self.assertEqual("W25Q64" in table[name], "w25q" in external, name)
            if "w25q" in external:
                kib = layout_headers()[name]["SLOT_A_SIZE"] // 1024
                self.assertIn(f"W25Q64, {kib} KiB each", table[name])

    def test_trial(self):
        """Three boots, in every layout; eight seconds."""
        for name, layout in layout_headers().items():
            self.assertEqual(layout["TRIAL_BOOTS"], 3, name)
        self.assertIn("All of them count three boots", README)
        for board in (ROOT / "boards").glob("*/board.c"):
            self.assertIn(".trial_watchdog_ms = 8000",
                          board.read_text(encoding="utf-8"))
        self.assertIn("(8 s by the LSI's typical 32 kHz", README)

    def test_pins(self):
        """The table of wires, for both boards."""
        wires = {row[0]: row[1] for row in rows(section(README, "Wiring"))}
        want = {"red LED": "red_led", "application LED": "app_led",
                "button": "button"}
        spi = ((1, "SCK"), (2, "MISO"), (3, "MOSI"), (4, None))
        for path in sorted((ROOT / "boards").glob("*/board.c")):
            text = path.read_text(encoding="utf-8")
            for wire, field in want.items():
                pin = re.search(rf"\.{field} = (P\w+),", text)
                self.assertEqual(wires[wire].split()[0], pin[1])
            console = re.search(r"CONSOLE_USART1 1, (P\w+), (P\w+),", text)
            self.assertIn(f"{console[1]} ", wires["console out, 115200 8N1"])
            self.assertIn(f"{console[2]} ", wires["console in"])
            for field, names in (
                    ("w25q", ("W25Q64 CLK (6)", "W25Q64 DO (2)",
                              "W25Q64 DI (5)", "W25Q64 /CS (its pin 1)")),
                    ("sd", ("SD CLK", "SD DAT0", "SD CMD",
                            "SD DAT3 (chip select)"))):
                line = re.search(rf"\.{field} = {{(\d), \d, (.*)}},", text)
                pins = line[2].split(", ")
                for (i, role), name in zip(spi, names):
                    pin = pins[i - 1]
                    said = f"{pin} (SPI{line[1]} {role})" if role else pin
                    self.assertEqual(wires[name], said, path)


if __name__ == "__main__":
    unittest.main()
