#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sums what each object of an archive, or of a program's own directory of
objects, takes in a GNU ld map file.

usage: map_size.py FIRMWARE.map ARCHIVE.a|PROGRAM.dir
"""
import re
import sys
from collections import defaultdict

KEPT = (".text", ".rodata", ".data", ".ota_info", ".vectors")


def sizes(map_text, archive):
    """Bytes by object, of the sections that end up in flash."""
    kept = map_text.split("Linker script and memory map", 1)[1]
    # a long section name stands on a line of its own
    kept = re.sub(r"\n (\.\S+)\n\s+0x", r"\n \1 0x", kept)
    found = defaultdict(int)
    for line in kept.splitlines():
        m = re.match(r"\s(\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$", line)
        if not m or not m[1].startswith(KEPT):
            continue
        # libota.a(boot.c.obj), boot/CMakeFiles/boot.dir/main.c.obj
        member = re.search(rf"\b{re.escape(archive)}[(/]([^)]+)", m[3])
        if member:
            found[member[1]] += int(m[2], 16)
    return found


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        found = sizes(f.read(), sys.argv[2])
    if not found:
        sys.exit(f"{sys.argv[1]}: nothing of {sys.argv[2]} in it")
    for name, size in sorted(found.items()):
        print(f"  {name:<20}{size:>7}")
    print(f"  {'all':<20}{sum(found.values()):>7}")


if __name__ == "__main__":
    main()
