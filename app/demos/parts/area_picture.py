"""Matrices that people type: the nearest one of a wanted size."""

from collections.abc import Sequence

from app.demos.machine.numbers import plain


def rectangle(rows: Sequence[Sequence[float]], height: int, width: int) -> str:
    """The rows as a form field holds them, cut or filled up with zeros to `height` rows of `width`."""
    filled = [[*row, *[0.0] * width][:width] for row in (*rows, *[()] * height)[:height]]
    return ";".join(",".join(map(plain, row)) for row in filled)


def is_rectangle(rows: Sequence[Sequence[float]], height: int, width: int) -> bool:
    """Whether there are `height` rows of `width` numbers each."""
    return len(rows) == height and all(len(row) == width for row in rows)
