# SPDX-License-Identifier: MIT
"""The documents as the tests see them: sections, tables, blocks, links."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CC = os.environ.get("CC", "cc")
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror"]


def documents():
    found = sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md"))
    assert len(found) >= 7, found
    return found


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text, language):
    """The contents of the fenced blocks of one language, indented ones too."""
    pattern = rf"^( *)```{language}\n(.*?)^\1```$"
    found = re.finditer(pattern, text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"(?m)^{m[1]}", "", m[2]) for m in found]


def without_blocks(text):
    return re.sub(r"(?ms)^( *)```.*?^\1```$", "", text)


def section(text, title):
    """What stands under a heading, to the next one of any level."""
    match = re.search(rf"(?ms)^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", text)
    if not match:
        raise AssertionError(f"no section '{title}'")
    return match[1]


def rows(text):
    """The rows of all tables in a text, without heads and rules."""
    found = []
    for line in text.splitlines():
        if line.startswith("|"):
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    rules = [i for i, row in enumerate(found) if set("".join(row)) <= set("-")]
    heads = {i - 1 for i in rules} | set(rules)
    return [row for i, row in enumerate(found) if i not in heads]


def cited_tests(cell):
    """[(file, [name])] of: `unit/a.c` some_test, another; `unit/b.c` ..."""
    found = []
    for part in re.split(r"; (?=`)", cell):
        match = re.fullmatch(r"`([\w/.]+)`((?: \w+,)* \w+)?(?:, .*)?", part)
        assert match, cell
        found.append((match[1], re.findall(r"\w+", match[2] or "")))
    return found


def defines(header):
    """The numbers of a header of #defines."""
    pattern = r"(?m)^#define (\w+) +(0x[0-9A-Fa-f]+|\d+)$"
    return {k: int(v, 0) for k, v in re.findall(pattern, text_of(header))}


def run(*command, **options):
    """Runs a command; its output, or an error that shows it."""
    result = subprocess.run([str(word) for word in command], text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False, **options)
    if result.returncode != 0:
        line = " ".join(str(word) for word in command)
        raise AssertionError(f"{line}\n{result.stdout}")
    return result.stdout
