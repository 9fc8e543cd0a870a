"""Cards that were exported as JSON come in again, to the last character."""

import json
import shutil
from pathlib import Path

import pytest

from app.exchange.imports.draft import RefusedError
from app.exchange.imports.import_cards import import_cards
from app.exchange.imports.own_json import read_json
from app.settings import ROOT
from tests.cards.file.test_pictures import png
from tests.exchange.exports.conftest import export

ODD = """\
---
title: "Odd: one"
order: 7
---
## Which of $x$ and ==these==? {#hidden}
No more.

## Is it ~~`code`~~ \\*so\\*? {#so}
![A dot](img/a.png) and $a
= b$.

```python
x = {{c1::no}}
```

Corrected: 2026-01-01 It was wrong.

## Both ways? {#both}
Yes, ~= *both*. "Quoted" -- so.

Points:
- It's $a_1$.
- A "second" -- one.
- A third *one*.

Level: hard
Tags: a b, c
Reversed: yes
"""


def again(exported: Path, folder: Path, deck: str, sources: Path) -> Path:
    """Import an export into an empty content folder, and export that."""
    content = folder / "content"
    content.mkdir()
    shutil.copy(sources, content)
    _kind, done = import_cards(exported, content, deck)
    assert (done.drafts, done.skipped, done.told) == (0, 0, [])
    export(folder / "again.json", content)
    return folder / "again.json"


def test_our_own_content_comes_back_to_the_last_character(tmp_path: Path) -> None:
    export(tmp_path / "cards.json", ROOT / "content", "rnn")
    back = again(tmp_path / "cards.json", tmp_path, "rnn", ROOT / "content" / "sources.yaml")
    first, second = (json.loads(path.read_text())["decks"] for path in (tmp_path / "cards.json", back))
    second[0]["title"] = first[0]["title"]  # that of deck.yaml
    assert second == first


def test_sides_pictures_corrections_and_topics_come_back(tmp_path: Path) -> None:
    content = tmp_path / "first"
    (content / "e" / "img").mkdir(parents=True)
    (content / "sources.yaml").write_text("documents: []\n")
    (content / "e" / "even.md").write_text("---\ntitle: Even\n---\n## First? {#first}\nYes.\n")
    (content / "e" / "img" / "a.png").write_bytes(png(3, 2))
    (content / "e" / "odd.md").write_text(ODD)
    assert export(tmp_path / "cards.json", content, "e") == 5
    back = again(tmp_path / "cards.json", tmp_path, "e", content / "sources.yaml")
    first, second = (json.loads(path.read_text())["decks"] for path in (tmp_path / "cards.json", back))
    second[0]["title"] = first[0]["title"]
    assert second == first
    assert {topic["name"]: topic["order"] for topic in first[0]["topics"]}["odd"] == 7
    _kind, done = import_cards(tmp_path / "cards.json", tmp_path / "content", "e")
    assert done.update.new == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"format": "recur-cards",\n "version" 1}', "line 2: this is no JSON"),
        ('{"format": "recur-cards", "version": 9, "decks": []}', "'recur-cards' 1 is read here"),
        ('{"format": "recur-cards", "version": 1}', "decks is missing"),
        (
            '{"format": "recur-cards", "version": 1, "decks": [{"name": "d", "cards": [{"id": 1}]}]}',
            "decks.0.cards.0.id",
        ),
        ('{"format": "recur-cards"' + "[" * 100_000, "this is no JSON"),
    ],
)
def test_what_is_no_export_of_ours_is_refused(text: str, reason: str) -> None:
    with pytest.raises(RefusedError) as error:
        read_json(text)
    assert reason in str(error.value)
