"""The lines that git leaves in a file when it cannot merge two versions."""

import re
from collections.abc import Iterator, Sequence

_MARKER = re.compile(r"(<{7,}|\|{7,}|={7,}|>{7,})(?: .*)?")
_MEANT = "indent such a line by a space if it is meant"


def conflicts(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """(line, message) of every line that git wrote around two versions, in any of its styles, in code too.

    A row of = is such a line only between two versions, or where their first mark was deleted: it also underlines.
    """
    found = [
        (number, line[0])
        for number, line in enumerate(lines, 1)
        if line[:7] in ("<<<<<<<", "|||||||", "=======", ">>>>>>>") and _MARKER.fullmatch(line.rstrip())
    ]
    kinds = {kind for _number, kind in found}
    begun: list[int] = []
    for number, kind in found if kinds - {"="} else ():
        if kind == "<":
            begun.append(number)
            yield number, f"git could not merge two versions here: keep what is right, and delete its marks ({_MEANT})"
        elif begun:
            yield number, f"this is git's mark of the conflict that begins on line {begun[-1]}: delete it"
        elif kind != "=" or "<" not in kinds:
            yield number, f"this is git's mark of a conflict: delete it, and keep what is right ({_MEANT})"
        if kind == ">" and begun:
            begun.pop()
