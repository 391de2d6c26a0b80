# SPDX-License-Identifier: MIT
"""All documents: links, names of the code, commands, numbers, README's C."""

import json
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from documents import (CC, ROOT, STRICT, blocks, defines, documents, rows, run,
                       section, text_of, without_blocks)

README = text_of("README.md")
TOOLS = {"otatool": os.environ["OTATOOL"], "vboard": os.environ["VBOARD"]}
SOURCES = ("include", "src", "sources", "boot", "boards", "port", "examples",
           "tool", "vboard", "tests")
# a board that the reader of PORTING.md makes
INVENTED = "myboard"


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
                    words = re.sub(r"^\$ ", "", line).split()
                    if words and Path(words[0]).name in TOOLS:
                        yield path, words


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

    def test_lines_of_the_bootloader(self):
        """What the documents quote of its console, it can print."""
        texts = " ".join(text_of("boot/log.c").replace("%v", "").split())
        texts += text_of("src/error.c")
        count = 0
        for name, span in self.spans():
            if re.match("no valid app|update to|running|installed", span):
                count += 1
                for part in re.split(r": |; |\.\.\.|[\d.]{5}", span):
                    self.assertTrue(part.strip() in texts, f"{name}: {span}")
        self.assertGreater(count, 6)

    def test_paths(self):
        """`src/image.c` and the like."""
        count = 0
        for name, span in self.spans():
            if re.fullmatch(r"(\./)?(src|include|boot|boards|port|tests|tool|"
                            r"scripts|examples|docs)/[\w./-]+", span):
                count += 1
                if INVENTED not in span:
                    self.assertTrue((ROOT / span).exists(), f"{name}: {span}")
        self.assertGreater(count, 15)


    def test_tests_that_hold_a_rule(self):
        """DESIGN's table: `unit/test_boot.c` some_test, another_test."""
        table = rows(section(text_of("DESIGN.md"),
                             "Rules, and the test that holds each"))
        self.assertGreater(len(table), 5)
        for rule, held_by in table:
            cited = re.findall(r"`([\w/.]+)`([^`]*)", held_by)
            self.assertTrue(cited, rule)
            for file, names in cited:
                code = text_of(f"tests/{file}")
                for name in re.findall(r"\w+", names):
                    if name not in ("used", "by", "every", "bad", "image"):
                        self.assertRegex(code, rf"\b{name}\b", rule)


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

    def test_scripts_and_presets_exist(self):
        presets = json.loads(text_of("CMakePresets.json"))
        names = {p["name"] for p in presets["configurePresets"]} | {INVENTED}
        count = 0
        for path in documents():
            for block in blocks(path.read_text(encoding="utf-8"), "sh"):
                for name in re.findall(r"(?:--preset|scripts/build) (\w+)",
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

    def test_picture_of_the_flash(self):
        layout = defines("boards/nucleo_f446re/single.h")
        areas = {}
        pattern = r"(?m)^(0x08\w{6})  S[S\d ]+? +(\d+) KiB"
        for address, kib in re.findall(pattern, README):
            areas[int(address, 0) - layout["FLASH_BASE"]] = int(kib) * 1024
        names = ("BOOT", "JOURNAL0", "JOURNAL1", "APP", "ARRAY")
        self.assertEqual(areas, {layout[f"{n}_OFFSET"]: layout[f"{n}_SIZE"]
                                 for n in names})

    def test_limits(self):
        layout = defines("boards/nucleo_f446re/single.h")
        text = " ".join(README.split())
        self.assertIn(f"{layout['ARRAY_SIZE'] - 16:,} bytes of application",
                      text)
        self.assertIn(f"{layout['APP_SIZE'] - 512:,} that the app slot", text)


if __name__ == "__main__":
    unittest.main()
