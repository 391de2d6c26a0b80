# SPDX-License-Identifier: MIT
"""README's session: its commands are run and give what it shows.

Numbers may differ, they change with every build; words may not. And its sizes.
scripts/readme brings both up to date.
"""

import os
import re
import tempfile
import unittest
from pathlib import Path

import figures

# by the names that they have in build/
DIRECTORIES = {name: Path(os.environ[f"FIRMWARE_{key}"]) for name, key in
               zip(figures.FIRMWARES, ("INTERNAL", "EXTERNAL", "BLUEPILL",
                                       "SMALL"))}
TOOLS = {name: os.environ[name.upper()] for name in ("otatool", "vboard")}


def words_of(lines):
    """Lines without numbers, and without repetitions that follow from them."""
    masked = [re.sub(r"0x[0-9A-F]+|\d+(\.\d+)*", "N", line).split()
              for line in lines if line.strip()]
    # 10% 20% 30%
    masked = [[word for i, word in enumerate(line)
               if i == 0 or word != "N%" or line[i - 1] != "N%"]
              for line in masked]
    return [line for i, line in enumerate(masked)
            if i == 0 or line != masked[i - 1]]


def need(name):
    if not (DIRECTORIES[name] / "boot.elf").exists():
        raise AssertionError(f"no firmware {name}: build it (scripts/build)")
    return DIRECTORIES[name]


class Session(unittest.TestCase):
    maxDiff = None

    def test_output_is_as_printed(self):
        firmwares = {name: need(name) for name in figures.FIRMWARES}
        steps = figures.session()
        self.assertGreaterEqual(len(steps), 6)
        with tempfile.TemporaryDirectory() as directory:
            answers = figures.play(steps, directory, firmwares, TOOLS)
        for (command, shown), answer in zip(steps, answers):
            self.assertEqual(words_of(shown), words_of(answer), command)


class Sizes(unittest.TestCase):
    """README's bytes, within 2 %: time for scripts/readme."""

    def setUp(self):
        self.table = figures.table()

    def near(self, said, value, title):
        self.assertAlmostEqual(said, value, delta=value * 0.02, msg=title)

    def test_programs(self):
        for title, program in figures.PROGRAMS.items():
            self.assertEqual(len(self.table[title]), len(DIRECTORIES), title)
            for said, name in zip(self.table[title], figures.FIRMWARES):
                size = figures.text_size(need(name) / program)
                self.near(said, size, f"{title}: {name}")

    def test_parts(self):
        """Of the bootloader: nothing is left out, nothing counted twice."""
        titles = [title for title in self.table if title.startswith("of that")]
        self.assertEqual(sorted(titles), sorted(figures.PARTS))
        for i, name in enumerate(figures.FIRMWARES):
            said = {title: self.table[title][i] for title in titles}
            found = figures.parts_of(need(name))
            if not found:
                self.assertEqual(set(said.values()), {None}, name)
                continue
            for title, size in found.items():
                self.near(said[title] or 0, size, f"{title}: {name}")
            whole = self.table[figures.TEXT][i]
            parts = sum(size or 0 for size in said.values())
            self.assertTrue(whole - 64 < parts <= whole, name)


if __name__ == "__main__":
    unittest.main()
