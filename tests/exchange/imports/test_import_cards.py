"""`recur import`, as it is typed."""

from collections.abc import Callable
from typing import Any

import pytest

from app.settings import Settings

Run = Callable[..., tuple[int, str, str]]
LIST = "Trees\n\n1. What is a leaf?\n\nAnswer: A node, for $5.\n\n2. Why?\n\nAnswer: ![x](y.png)\n\n3. When?\n"


@pytest.fixture
def recur(run_recur: Callable[..., Any], settings: Settings) -> Run:
    """Run a command beside the content; gives its exit code, what it printed, and its complaints."""
    (settings.content_dir / "d").mkdir(parents=True)
    (settings.content_dir / "d" / "a.md").write_text("---\ntitle: A\n---\n\n## Why? {#why}\nSo.\n")
    (settings.content_dir / "sources.yaml").write_text("documents: []\n")
    (settings.content_dir.parent / "My List.txt").write_text(LIST)

    def run(*words: str) -> tuple[int, str, str]:
        ended = run_recur(*words)
        return ended.code, ended.out, ended.err

    return run


def test_a_file_that_is_not_there_is_said_before_the_deck_is_asked_for(recur, settings):
    (settings.content_dir / "e").mkdir()
    (settings.content_dir / "e" / "b.md").write_text("---\ntitle: B\n---\n")
    for name in ("nowhere.csv", "nowhere.apkg", "nowhere.txt"):
        assert recur("import", name) == (1, "", f"{name}: there is no such file. Nothing was imported.\n")


def test_it_says_what_it_took_and_what_it_left(recur, settings):
    code, said, complained = recur("import", "My List.txt")
    assert (code, complained) == (0, "")
    assert "My List.txt was read as a numbered list of questions, each with Answer: … (--kind questions)." in said
    assert "line 7: the picture y.png is left out" in said
    assert "line 11: there is no answer" in said
    assert "content/d/my-list.md\nRead: 14 words. Written: 12 words; the other 2 are named above.\n" in said
    assert "\n1 card, 2 drafts; 0 things skipped.\n" in said
    assert (settings.content_dir / "d" / "my-list.md").read_text() == (
        '---\ntitle: "Trees"\n---\n'
        "## What is a leaf? {#what-is-a-leaf}\nA node, for \\$5.\n\n"
        "## Why? {#why-2}\nx\n\nDraft: yes, the picture y.png is left out: it did not come with the file\n\n"
        "## When? {#when}\nThe answer has not been written yet.\n\nDraft: yes, there is no answer\n"
    )
    code, said, _complained = recur("check")
    assert (code, "0 mistakes" in said) == (0, True)
    code, said, _complained = recur("load")
    assert "added" in said
    assert code == 0


def test_a_second_import_changes_nothing_and_overwrites_nothing(recur, settings):
    assert recur("import", "My List.txt")[0] == 0
    before = (settings.content_dir / "d" / "my-list.md").read_bytes()
    code, said, _complained = recur("import", "My List.txt")
    assert code == 0
    assert "Of the cards that were here: 0 updated, 3 unchanged, 0 kept as you edited them" in said
    assert (settings.content_dir / "d" / "my-list.md").read_bytes() == before
    (settings.content_dir / "d" / "mine.md").write_text("---\ntitle: M\n---\n\n## Mine? {#mine}\nYes.\n")
    code, _said, complained = recur("import", "My List.txt", "--into", "d/mine")
    assert code == 1
    assert "mine.md already exists, and no import wrote it; say another name with --into d/NAME" in complained
    assert recur("import", "My List.txt", "--into", "content/other/list.md")[0] == 0
    assert (settings.content_dir / "other" / "list.md").exists()


def test_what_cannot_be_imported_is_refused_with_its_reason(recur, settings):
    here = settings.content_dir.parent
    (here / "prose.txt").write_text("Nothing is asked here.\n")
    (here / "empty.csv").write_text("question,answer\n,\n")
    for words, reason in (
        (["nowhere.txt"], "there is no such file"),
        (["content"], "cannot be read: Is a directory"),
        (["prose.txt"], "looks like none of the kinds that can be imported"),
        (["prose.txt", "--kind", "theorie"], "there is no kind 'theorie'; there are anki, csv"),
        (["prose.txt", "--kind", "theory"], "no question was found"),
        (["prose.txt", "--kind", "anki"], "not a zip archive"),
        (["empty.csv"], "no question was found"),
        (["My List.txt", "--into", "../evil"], "write DECK or DECK/NAME"),
        (["My List.txt", "--into", "Not Good"], "must be lower-case"),
    ):
        code, _said, complained = recur("import", *words)
        assert (code, reason in complained) == (1, True), complained
        assert complained.endswith("Nothing was imported.\n")
    assert sorted(path.name for path in settings.content_dir.rglob("*")) == ["a.md", "d", "sources.yaml"]


def test_progress_goes_to_standard_error(recur, settings):
    rows = "".join(f"What is {number}?,It is {number}.\n" for number in range(2_000))
    (settings.content_dir.parent / "many.csv").write_text(rows)
    code, said, complained = recur("import", "many.csv", "--progress")
    assert code == 0
    assert "2,000 cards" in said
    assert complained.split() == ["1,000", "read", "…", "2,000", "read", "…"]


def test_an_import_with_many_losses_exits_with_2_and_is_no_topic_yet(recur, settings):
    rows = "".join(f"What is {number}?,a,b\n" for number in range(3))
    (settings.content_dir.parent / "many.csv").write_text(f"question,answer\n{rows}Why?,So.\n")
    code, said, _complained = recur("import", "many.csv")
    assert code == 2
    assert "So much was lost that the whole file is a draft" in said
    assert "Read: 4 rows, 11 cells, 17 words. Written: 17 words.\n0 cards, 4 drafts" not in said
    assert "\ndraft: yes\n---\n" in (settings.content_dir / "d" / "many.md").read_text()
    code, said, _complained = recur("check")
    assert (code, "0 mistakes" in said) == (0, True)
    assert "1 added" in recur("load")[1]
