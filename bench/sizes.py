#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What each object takes in the text of several firmwares, side by side, from
their GNU ld map files.

usage: sizes.py NAME=FIRMWARE.map...
"""
import re
import sys
from collections import defaultdict
from pathlib import Path

KEPT = (".text", ".rodata", ".data", ".ota_info", ".vectors")
ENGINE = {path.name for path in Path(__file__).parents[1].glob("src/*.c")}
ENGINE_BUDGET = 6000  # DESIGN.md, Budgets


def sizes(map_text):
    """{(archive or program, object): bytes} of what ends up in flash."""
    kept = map_text.split("Linker script and memory map", 1)[1]
    # a long section name stands on a line of its own
    kept = re.sub(r"\n (\.\S+)\n\s+0x", r"\n \1 0x", kept)
    found = defaultdict(int)
    for line in kept.splitlines():
        m = re.match(r"\s(\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$", line)
        if not m or not m[1].startswith(KEPT):
            continue
        # libota.a(boot.c.obj), boot/CMakeFiles/boot.dir/main.c.obj
        member = re.search(r"(\w+\.a)\(([^)]+)\)$|(\w+\.dir)/(.+)$", m[3])
        if member and int(m[2], 16) > 0:
            group, name = member[1] or member[3], member[2] or member[4]
            found[group, re.sub(r"\.c\.obj$", ".c", name)] += int(m[2], 16)
    return found


def print_row(title, numbers):
    cells = "".join(f"{n:>18}" if n else " " * 18 for n in numbers)
    print(f"  {title:<22}{cells}".rstrip())


def print_table(columns):
    rows = sorted({row for column in columns for row in column})
    for group in sorted({group for group, _ in rows}):
        members = [row for row in rows if row[0] == group]
        print(f" {group}")
        for row in members:
            print_row(row[1], [column.get(row, 0) for column in columns])
        print_row("all", [sum(column.get(row, 0) for row in members)
                          for column in columns])
    engine = [sum(size for (group, name), size in column.items()
                  if group == "libota.a" and name in ENGINE)
              for column in columns]
    print(f" the engine (src/), at most {ENGINE_BUDGET}")
    print_row("all", engine)


def main():
    if len(sys.argv) < 2 or any("=" not in word for word in sys.argv[1:]):
        sys.exit(__doc__)
    columns = []
    print(" " * 24 + "".join(f"{word.partition('=')[0]:>18}"
                             for word in sys.argv[1:]))
    for word in sys.argv[1:]:
        path = word.partition("=")[2]
        found = sizes(Path(path).read_text(encoding="utf-8"))
        if not found:
            sys.exit(f"{path}: no objects in it")
        columns.append(found)
    print_table(columns)


if __name__ == "__main__":
    main()
