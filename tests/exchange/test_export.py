"""`recur export`, as it is typed, and `recur import` of what it wrote."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.database import Database
from app.settings import Settings
from app.study.learner.preferences import preferences
from app.study.schedule.rate import Answer, rate
from app.study.schedule.undo import undo

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def recur(run_recur: Callable[..., Any], settings: Settings) -> Run:
    """Run a command in the folder above the content; gives its exit code and everything it printed."""
    folder = settings.content_dir / "d"
    folder.mkdir(parents=True)
    (folder / "a.md").write_text("---\ntitle: A\n---\n\n## Why? {#why}\nSo.\n\n## How? {#how}\nThus.\n")
    (settings.content_dir / "sources.yaml").write_text("documents: []\n")

    def run(*words: str, **variables: str) -> tuple[int, str]:
        ended = run_recur(*words, **variables)
        return ended.code, ended.out + ended.err

    return run


def study(settings: Settings, database: Database) -> None:
    with database.write() as session:
        prefs = preferences(session, settings, 1)
        rate(session, prefs, Answer(1, 4, "one", 0, None, NOW), NOW)
        rate(session, prefs, Answer(2, 1, "two", 0, NOW, NOW), NOW)
        undo(session, prefs, "three", NOW)


def test_a_history_goes_out_and_comes_back(
    recur: Run, settings: Settings, database: Database, elsewhere: Database, tmp_path: Path
) -> None:
    assert recur("load")[0] == 0
    study(settings, database)
    assert recur("export", "mine.jsonl") == (0, "3 reviews of 2 cards.\n")
    there = {"RECUR_DATABASE_URL": str(elsewhere.url)}
    assert recur("load", **there)[0] == 0
    code, said = recur("import", "mine.jsonl", **there)
    assert (code, said.splitlines()[0]) == (0, "3 reviews added, 0 already here.")
    assert recur("export", "theirs.jsonl", **there)[0] == 0
    ours, theirs = ((tmp_path / name).read_text().splitlines() for name in ("mine.jsonl", "theirs.jsonl"))
    assert ours[1:] == theirs[1:]
    assert recur("import", "mine.jsonl", **there)[1].startswith("0 reviews added, 3 already here")
    (tmp_path / "mine.jsonl").write_text("\n".join(ours[:-1]))
    code, said = recur("import", "mine.jsonl")
    assert code != 0
    assert "line 6: " in said


def test_cards_go_out(recur: Run, tmp_path: Path) -> None:
    for name in ("cards.csv", "cards.json", "deck.apkg"):
        assert recur("export", name) == (0, "2 cards.\n")
        assert (tmp_path / name).stat().st_size > 100
    assert recur("export", "one.csv", "--deck", "d")[0] == 0
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "cards.csv").read_bytes()


def test_a_refusal_says_why(recur: Run, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "cards.csv").write_text("mine")
    for words, says in (
        (("cards.csv",), "already exists"),
        (("cards.txt",), "name a file that ends in"),
        (("new.csv", "--deck", "e"), "There is no deck 'e'"),
        (("new.json", "--base-url", "recur"), "is not an address of the app"),
        (("h.jsonl", "--deck", "d"), "leave out --deck"),
        (("h.jsonl", "--learner", "7"), "There is no learner 7"),
    ):
        code, said = recur("export", *words)
        assert code == 2
        assert says in said
    assert recur("export", "cards.csv", "--force")[0] == 0
    (settings.content_dir / "d/a.md").write_text("---\ntitle: A\n---\n\n## Why? {#why}\n")
    code, said = recur("export", "new.csv")
    assert code == 1
    assert "a.md:5: the answer is empty" in said
    assert sorted(path.name for path in tmp_path.glob("*.*") if path.suffix in (".csv", ".json", ".jsonl")) == [
        "cards.csv"
    ]


POINTS = """\
---
title: P
---

## Which state? {#state}
The new one.

Points:
- It is a function of $h_{t-1}$ and "x".
- The weights are the *same*.
- There is a `start`.

Level: easy

## Last? {#last}
Yes.

Points:
- One.
- Two.
- Three.
"""


@pytest.mark.parametrize("name", ["cards.json", "cards.csv", "deck.apkg", "p.md"])
def test_points_come_back_from_every_format(recur: Run, settings: Settings, tmp_path: Path, name: str) -> None:
    (settings.content_dir / "d" / "a.md").write_text(POINTS)
    exported = tmp_path / name
    if name == "p.md":
        exported.write_text(POINTS)
    else:
        assert recur("export", str(exported))[0] == 0
    (settings.content_dir / "d" / "a.md").unlink()
    (settings.content_dir / "d" / "b.md").write_text("---\ntitle: B\n---\n\n## B? {#b}\nB.\n")
    code, said = recur("import", str(exported), "--into", "d/p")
    assert code == 0, said
    found = [path for path in (settings.content_dir / "d").glob("*.md") if path.name != "b.md"]
    back = found[0].read_text()
    assert back[back.index("## Which") :] == POINTS[POINTS.index("## Which") :]
