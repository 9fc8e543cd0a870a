"""Each text that a card ever had is kept, once, with its file, line, commit and time."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.cards.load import load as load_module
from app.cards.load.load import load
from app.cards.load.versions import commits_of
from app.cards.render import prepare
from app.models import Card, CardVersion

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def reload(database, content, find_demo):
    """Load the content, a minute later each time."""
    times = iter(NOW + timedelta(minutes=number) for number in range(100))
    return lambda: load(database, content, next(times), find_demo)


@pytest.fixture
def kept(database):
    """(card's name, line of Markdown, path, line, minutes after NOW) of every version, in order."""

    def kept():
        with database.read() as session:
            rows = session.exec(select(Card.name, CardVersion).join(Card).order_by(col(CardVersion.id))).all()
        return [
            (name, one.markdown.split("\n")[-1], one.path, one.line, (one.loaded_at - NOW) // timedelta(minutes=1))
            for name, one in rows
        ]

    return kept


def test_a_version_is_appended_when_a_cards_own_text_changes_and_only_then(reload, write, topic, kept, monkeypatch):
    one, two = "## One? {#one}\nA.", "## Two? {#two}\nB."
    write("d/a.md", topic(one, two))
    reload()
    first = [("one", "A.", "d/a.md", 7, 0), ("two", "B.", "d/a.md", 10, 0)]
    assert kept() == first
    write("d/a.md", topic("## One? {#one}\nA, reworded.", two))
    reload()
    second = [*first, ("one", "A, reworded.", "d/a.md", 7, 1)]
    assert kept() == second
    # Another place, another file, another renderer, a retirement and a return leave the text as it is.
    write("d/a.md", topic(two, "## One? {#one}\nA, reworded.", before="Explained."))
    reload()
    write("d/a.md", topic("## One? {#one}\nA, reworded."))
    write("d/b.md", topic(two))
    reload()
    for module in (prepare, load_module):
        monkeypatch.setattr(module, "RENDERER", "a newer renderer")
    reload()
    write("d/b.md", topic("## Three? {#three}\nC."))
    reload()
    write("d/b.md", topic("## Three? {#three}\nC.", two))
    reload()
    assert kept() == [*second, ("three", "C.", "d/b.md", 7, 5)]
    # A text that comes back is said again from then on; a tag or a level is text too.
    write("d/a.md", topic(one))
    reload()
    write("d/a.md", topic(f"{one}\n\nLevel: easy"))
    reload()
    assert kept()[4:] == [("one", "A.", "d/a.md", 7, 7), ("one", "Level: easy", "d/a.md", 7, 8)]


def test_a_broken_file_gives_no_version(reload, write, topic, kept):
    write("d/a.md", topic("## One? {#one}\nA."))
    reload()
    write("d/a.md", topic("## One? {#one}\nA [gone](card:gone)."))
    assert reload().mistakes
    assert len(kept()) == 1


def test_the_versions_follow_a_card_to_its_new_name(reload, write, topic, kept):
    write("d/a.md", topic("## One?\nA."))
    reload()
    write("d/a.md", topic("## One? {#first}\nA."))
    reload()
    assert [(name, minute) for name, *_, minute in kept()] == [("first", 0), ("first", 1)]


def test_cards_from_before_there_were_versions_get_their_first_one_at_the_next_load(
    database, reload, write, topic, kept
):
    write("d/a.md", topic("## One? {#one}\nA."))
    reload()
    database.migrate("0005")
    database.migrate()
    assert kept() == []
    report = reload()
    assert (report.read, report.changed) == (1, 0)
    assert kept() == [("one", "A.", "d/a.md", 7, 1)]


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_kept_where_the_file_is_as_it_is_in_git(database, content, reload, write, topic):
    paths = ["d/a.md", "d/b c.md", "d/new.md", "d/ignored.md"]
    assert commits_of(content, paths) == {}  # not a repository, unless one is above
    git(content.parent, "init", "-q")
    write("d/a.md", topic("## One? {#one}\nA."))
    write("d/b c.md", "b")
    write(".gitignore", "ignored.md\n")
    assert commits_of(content, paths) == {}
    git(content.parent, "add", "-A")
    git(content.parent, "commit", "-qm", "First")
    commit = git(content.parent, "rev-parse", "HEAD")
    write("d/new.md", "new")
    write("d/ignored.md", "ignored")
    assert commits_of(content, paths) == {"d/a.md": commit, "d/b c.md": commit}
    write("d/b c.md", "changed")
    assert commits_of(content, paths) == {"d/a.md": commit}
    reload()
    write("d/a.md", topic("## One? {#one}\nA, not committed."))
    assert commits_of(content, paths) == {}
    reload()
    with database.read() as session:
        kept = session.exec(select(CardVersion.commit).order_by(col(CardVersion.id))).all()
    assert kept == [commit, None]


def test_without_git_no_commit_is_known(content, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commits_of(content, ["d/a.md"]) == {}
