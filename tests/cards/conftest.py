"""A content folder of real files, and a demo whose numbers anyone can work out."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from app.demos.machine.demo import BadParametersError, Problem
from app.demos.registry import UnknownDemoError

SOURCES = """\
papers:
  elman-1990:
    authors: Elman
    year: 1990
    title: Finding structure in time
    venue: Cognitive Science 14(2)
documents:
  - key: book
    title: A book
    what: a book of two chapters
    items:
      book-1: the first chapter
      book-2: the second chapter
"""


@dataclass(frozen=True)
class Computed:
    numbers: Mapping[str, float]


class Line:
    """The demo "line": x from 0 to 10; its numbers are x doubled, x thirded, and two that are not finite."""

    training = None

    def parse(self, query: str) -> float:
        given = parse_qs(query, keep_blank_values=True)
        x = given.get("x", ["1"])[0]
        wrong = next((name for name in given if name != "x"), "x")
        if wrong != "x" or not x.replace(".", "").isdigit() or float(x) > 10:
            raise BadParametersError("line", [Problem(wrong, x, f"{wrong} must be x, from 0 to 10.")], "x=1")
        return float(x)

    def compute(self, x: float) -> Computed:
        return Computed({"double": 2 * x, "third": x / 3, "endless": math.inf, "nothing": math.nan})


def find_line(name: str) -> Any:
    if name == "broken":
        raise ZeroDivisionError("division by zero")
    if name != "line":
        raise UnknownDemoError(name, "line")
    return Line()


@pytest.fixture
def find_demo() -> Callable[[str], Any]:
    return find_line


@pytest.fixture
def content(settings: Any) -> Path:
    """An empty deck "d" beside a list of two source items."""
    (settings.content_dir / "d").mkdir(parents=True)
    (settings.content_dir / "sources.yaml").write_text(SOURCES)
    return Path(settings.content_dir)


@pytest.fixture
def write(content: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of the content folder."""

    def write(path: str, text: str | bytes) -> Path:
        full = content / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(text if isinstance(text, bytes) else text.encode())
        return full

    return write


@pytest.fixture
def topic() -> Callable[..., str]:
    """The text of a content file with these cards."""

    def topic(*cards: str, title: str = "A topic", order: int = 10, before: str = "") -> str:
        return "\n\n".join([f"---\ntitle: {title}\norder: {order}\n---\n{before}", *cards]) + "\n"

    return topic
