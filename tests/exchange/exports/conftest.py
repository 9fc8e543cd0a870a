"""A content folder of two decks, to be exported."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.exchange.export import collect, export_cards

BASE = "http://127.0.0.1:8000"
FIRST = """\
---
title: Second topic
order: 20
---

## What is $x^2$ for `x = 3`? {#square}
- It is nine.

Because $3 \\cdot 3 = 9$; see [the other](card:other) and [a page](https://example.org/a?b=1&c=2).

$$a < b$$

[Watch](demo:unrolled-rnn?units=1&step=2)

Level: easy
Tags: powers, whole numbers
Source: book-1
"""
SECOND = """\
---
title: First topic
order: 10
---

## Why, "really"? {#other}
=1+1 is no formula here.
"""


@pytest.fixture
def content(tmp_path: Path) -> Path:
    folder = tmp_path / "content"
    for path, text in (("d/a.md", FIRST), ("d/b.md", SECOND), ("e/c.md", SECOND)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def export(path: Path, content: Path, deck: str | None = None, base_url: str = BASE, force: bool = False) -> int:
    return export_cards(path, collect(content, base_url, deck), datetime(2025, 6, 1, tzinfo=UTC), force)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
