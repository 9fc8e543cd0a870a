"""Reads the tables of words and patterns beside this file, which can be edited without Python."""

from pathlib import Path


def word_table(name: str) -> dict[str, dict[str, str]]:
    """The lines of a table, by their kind: what stands for each name, or for each pattern, which is in `.

    A line is a kind, names or patterns, a colon and a space, and what stands for them. One that begins with # is a
    comment.
    """
    found: dict[str, dict[str, str]] = {}
    for line in Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            kind, rest = line.split(" ", 1)
            if rest.startswith("`"):
                pattern, _, said = rest[1:].rpartition("`: ")
                names = [pattern]
            else:
                words, _, said = f"{rest} ".partition(": ")
                names = words.split()
            found.setdefault(kind, {}).update(dict.fromkeys(names, said.strip()))
    return found
