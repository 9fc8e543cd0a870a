"""Reads tables of words and patterns, which can be edited without Python."""

import re
from pathlib import Path

_LINE = re.compile(r"(\w+) (?:`(.+)`|([^`].*?)):(?: (.*))?")


def word_table(path: Path) -> dict[str, dict[str, str]]:
    """The lines of a table, by their kind: what stands for each name, or for each pattern between two `."""
    found: dict[str, dict[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if read := _LINE.fullmatch(line):  # any other is a comment
            names = [read[2]] if read[2] else read[3].split()
            found.setdefault(read[1], {}).update(dict.fromkeys(names, read[4] or ""))
    return found
