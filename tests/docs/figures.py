# SPDX-License-Identifier: MIT
"""README's figures and its session: what they say, and where they come from."""

import re
import sys
from pathlib import Path

from documents import ROOT, blocks, rows, run, section, text_of

sys.path.append(str(ROOT / "bench"))
import sizes  # noqa: E402

# the columns of README's tables: directories of build/
FIRMWARES = ("nucleo_f446re-internal", "nucleo_f446re-external",
             "bluepill_f103c8-external", "bluepill_f103c8-small")

SIZES = "Sizes, time, wear"
SESSION = "By hand"

TEXT = "bootloader, text"
PARTS = {
    "of that, the engine (`src/`)": lambda group, name: group == "libota.a" and
                                    name in sizes.ENGINE,
    "of that, SD card and FAT": lambda group, name: group == "libota.a" and
                                name in ("sd.c", "fat_file.c", "fat_volume.c"),
    "of that, W25Q64": lambda group, name: name.startswith("w25q") and
                       group == "libota.a",
    "of that, XMODEM and YMODEM": lambda group, name: name == "xmodem.c",
    "of that, clock, pins, flash, console, hand-over":
        lambda group, name: group in ("libport.a", "crc_unit.dir"),
    "of that, its own program, most of it texts":
        lambda group, name: group == "boot.dir",
    "of that, the board's data": lambda group, name: group == "libboard.a",
}
PROGRAMS = {
    TEXT: "boot.elf",
    "`examples/minimal`, with everything an update needs": "minimal-1.0.0.elf",
    "`examples/blink`, the demo application": "app-1.0.0.elf",
}


def cell(text):
    return int(text.replace(",", "")) if text else None


def table():
    """{title: [a number or None for each of FIRMWARES]}"""
    found = {}
    for row in rows(section(text_of("README.md"), SIZES)):
        if "." not in "".join(row[1:]):
            found[row[0]] = [cell(text) for text in row[1:]]
    return found


def text_size(elf):
    """Bytes of .text and .rodata."""
    return int(run("arm-none-eabi-size", elf).splitlines()[1].split()[0])


def parts_of(firmware):
    """{title: bytes} of a bootloader, from its map; where it has parts."""
    found = sizes.sizes((firmware / "boot.map").read_text(encoding="utf-8"))
    if not any(group == "libota.a" and name == "boot.c"
               for group, name in found):
        return {}  # optimised as one program
    return {title: sum(size for key, size in found.items() if belongs(*key))
            for title, belongs in PARTS.items()}


def session():
    """[(command, its output)] of README; a backslash continues a command."""
    steps = []
    for block in blocks(section(text_of("README.md"), SESSION), "console"):
        for line in block.replace("\\\n", "").splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            else:
                steps[-1][1].append(line)
    return steps


def play(steps, directory, firmwares, tools):
    """Runs the session's commands, in a directory in which README's paths lead
    to what is under test; the output of each."""
    bin_directory = Path(directory) / "build/host/bin"
    bin_directory.mkdir(parents=True)
    for name, tool in tools.items():
        (bin_directory / name).symlink_to(tool)
    for name, firmware in firmwares.items():
        (Path(directory) / "build" / name).symlink_to(firmware)
    marker = "=== next"
    script = f"\necho '{marker}'\n".join(command for command, _ in steps)
    answers = run("sh", "-ec", script, cwd=directory).split(f"{marker}\n")
    assert len(answers) == len(steps), answers
    return [answer.splitlines() for answer in answers]


def bench_figures(text):
    """{title: [text for each of FIRMWARES]} of what scripts/bench prints."""
    found = {}
    for name in FIRMWARES:
        part = re.search(rf"(?ms)^{name}$(.*?)(?=^\S|\Z)", text)[1]
        figure = {key: re.search(pattern, part) for key, pattern in {
            "bootloader, text allowed": r"bootloader, text +\d+ / (\d+)",
            "bootloader, RAM with the stack at its deepest":
                r"RAM: variables and stack +(\d+)",
            "boot, with the application verified, ms":
                r"(?s).*\n  boot, \d+ bytes +([\d.]+) ms",
            "install of a staged image, reset to jump, ms":
                r"install of a staged image +([\d.]+) ms",
            "erase, program and one read of the slot, by the data sheets, ms":
                r"by the data sheets +([\d.]+) ms",
            "install, times that": r"took ([\d.]+) /",
        }.items()}
        for key, match in figure.items():
            number = match[1]
            whole, dot, rest = number.partition(".")
            found.setdefault(key, []).append(f"{int(whole):,}{dot}{rest}")
    return found
