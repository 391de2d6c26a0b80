# SPDX-License-Identifier: MIT
"""README's session: its commands are run and give what it shows.

Numbers may differ, they change with every build; words may not. And its sizes.
"""

import os
import re
import tempfile
import unittest
from pathlib import Path

from documents import blocks, rows, run, section, text_of

FIRMWARE = Path(os.environ["FIRMWARE"])
FIRMWARE_IN_README = "build/nucleo_f446re-internal"


def session():
    """[(command, its output)]; a backslash continues a command."""
    steps = []
    for block in blocks(section(text_of("README.md"), "By hand"), "console"):
        for line in block.replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


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


def lay_out(directory):
    """A directory in which README's paths lead to what is under test."""
    bin_directory = directory / "build/host/bin"
    bin_directory.mkdir(parents=True)
    for name in ("OTATOOL", "VBOARD"):
        (bin_directory / name.lower()).symlink_to(os.environ[name])
    (directory / FIRMWARE_IN_README).symlink_to(FIRMWARE)


class Session(unittest.TestCase):
    maxDiff = None

    def test_output_is_as_printed(self):
        self.assertTrue((FIRMWARE / "boot.elf").exists(),
                        "no firmware: run scripts/build nucleo_f446re")
        steps = session()
        self.assertGreaterEqual(len(steps), 6)
        marker = "=== next"
        script = f"\necho '{marker}'\n".join(step[0] for step in steps)
        with tempfile.TemporaryDirectory() as name:
            lay_out(Path(name))
            output = run("sh", "-ec", script, cwd=name)
        answers = output.split(f"{marker}\n")
        self.assertEqual(len(answers), len(steps))
        for (command, shown), answer in zip(steps, answers):
            self.assertEqual(words_of(shown), words_of(answer.splitlines()),
                             command)


class Sizes(unittest.TestCase):
    def test_sizes(self):
        """README's bytes of text, within 2 %: time to measure anew."""
        cells = rows(section(text_of("README.md"), "Sizes, time, wear"))
        table = {row[0]: int(row[1].replace(",", "")) for row in cells
                 if len(row) == 2 and "." not in row[1]}
        for title, name in (("bootloader, text", "boot"),
                            ("`examples/minimal`, with everything an update "
                             "needs", "minimal-1.0.0"),
                            ("`examples/blink`, the demo application",
                             "app-1.0.0")):
            said = run("arm-none-eabi-size", FIRMWARE / f"{name}.elf")
            text = int(said.splitlines()[1].split()[0])
            self.assertAlmostEqual(table[title], text, delta=text * 0.02,
                                   msg=title)
        parts = [size for title, size in table.items()
                 if title.startswith("of that")]
        whole = table["bootloader, text"]
        self.assertTrue(whole - 64 < sum(parts) <= whole)


if __name__ == "__main__":
    unittest.main()
