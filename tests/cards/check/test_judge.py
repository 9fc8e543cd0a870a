"""One judge: `recur check` and the loader find the same mistakes in the same files.

Three differences are meant. The loader lets the file that had a card first keep the card's name; it does not know the
drafts of files that have not changed; and the cards of a file that cannot be read stay as they were.
"""

import random
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from app.cards.check.check import check_content
from app.cards.check.check_cache import CheckCache
from app.cards.file.files import TopicFile, open_file
from app.cards.file.mistake import Mistake
from app.cards.load.holders import StoredHolders
from app.cards.load.load import load
from app.cards.render.prepare import prepare
from app.database import Database
from app.demos.machine.draws import Kept
from app.models import ContentFile
from tests.cards.check.test_check import CASES, read_case
from tests.cards.file.test_files import UNREADABLE
from tests.examples import seeds, some

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
LINKING = "## Links? {#links}\nSee [it](card:target)."
TARGET = "## Target? {#target}\nThe answer."


def with_places(mistakes: Sequence[Mistake]) -> tuple[list[Mistake], dict[tuple[str, str], set[str]]]:
    """All mistakes but names that are taken; and for each of those names, all places that have it."""
    taken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in mistakes:
        if found := re.search(r"'([^']*)',? is already taken at (\S+:\d+)", one.message):
            taken[one.path.split("/")[0], found[1]] |= {f"{one.path}:{one.line}", found[2]}
    return [one for one in mistakes if "already taken" not in one.message], dict(taken)


@pytest.fixture
def agreed(database, content, find_demo):
    """Load the content and check it. Gives the mistakes, in which the check, the load and the stored rows agree."""

    def agreed() -> list[Mistake]:
        checked = check_content(content, find_demo).mistakes
        loaded = list(load(database, content, NOW, find_demo).mistakes)
        assert with_places(loaded) == with_places(checked)
        with database.read() as session:
            rows = {row.path: row.mistakes for row in session.exec(select(ContentFile))}
        stored = [Mistake(path, one["line"], one["message"]) for path, found in rows.items() for one in found]
        assert sorted(stored) == [mistake for mistake in loaded if mistake.path in rows]
        return checked

    return agreed


BROKEN = [read_case(case)[0].encode() for case in CASES] + [data for data, _line, _words in UNREADABLE]


def test_they_agree_on_a_broken_file_alone(agreed, write, content):
    for text in some(BROKEN, 20):
        write("d/case.md", text)
        agreed()
        (content / "d" / "case.md").unlink()
        assert agreed() == []


def test_they_agree_on_a_broken_file_in_a_deck(agreed, write, topic, content):
    links = "[it](card:case), [q](card:q), [the topic](case.md) and [far](card:e/far)"
    write("d/near.md", topic(f"## Near? {{#near}}\nSee {links}.\n\nSource: book-1"))
    write("e/far.md", topic("## Far? {#far}\nSee [near](card:d/near), [case](card:d/case)."))
    for text in some(BROKEN, 20):
        write("d/case.md", topic("## Case? {#case}\nA.", "## Q? {#q}\nB.", title="Case"))
        assert agreed() == []
        full = write("d/case.md", text)
        if prepare(open_file(TopicFile("d/case.md", str(full), 0, 0))).is_text:
            agreed()
    (content / "d" / "case.md").unlink()
    assert len(agreed()) == 4


def test_they_agree_on_all_broken_files_at_once(agreed, write):
    for number, text in enumerate(BROKEN):
        write(f"d{number:03d}/case.md", text)
    assert len(agreed()) > len(CASES)


@pytest.mark.parametrize("seed", seeds(4))
def test_they_agree_after_any_edits(seed, agreed, content, write, topic):
    rng = random.Random(seed)
    names = ["one", "two", "three", "four"]

    def card() -> str:
        name, file = rng.choice(names), rng.choice("abc")
        target = rng.choice([*names, "e/one", "e/two"])
        link = rng.choice(["", f"[it](card:{target})", f"[them]({file}.md)", "[d](demo:line#double=2)", "$"])
        text = f"## {name.capitalize()}? {{#{name}}}\nA{rng.randrange(3)} {link}."
        return f"{text}\n\nSource: book-{rng.choice('1113')}"

    found = 0
    for _edit in range(60):
        path = content / rng.choice("dde") / f"{rng.choice('abc')}.md"
        if path.exists() and rng.random() < 0.3:
            path.unlink()
        else:
            write(f"{path.parent.name}/{path.name}", topic(*(card() for _ in range(rng.randrange(1, 4)))))
        found += len(agreed())
    assert found > 100


@pytest.fixture
def reload(database, content, find_demo):
    """Load the content; gives the mistakes' places, which a check must name too."""

    def reload() -> list[tuple[str, int]]:
        found = [(one.path, one.line) for one in load(database, content, NOW, find_demo).mistakes]
        assert found == [(one.path, one.line) for one in check_content(content, find_demo).mistakes]
        return found

    return reload


@pytest.mark.parametrize(
    ("before", "card", "line"),
    [("", LINKING, 8), ("See [it](card:d/target).", "## Q {#q}\nA.", 5), ("## Key points\n- [it](card:target)", "", 6)],
    ids=["a card's", "an explanation's", "a key point's"],
)
def test_it_is_named_when_the_target_goes_and_forgotten_when_it_is_back(before, card, line, reload, write, topic):
    write("d/a.md", topic(card, before=before))
    write("d/b.md", topic(TARGET, "## Other? {#other}\nB.", title="B"))
    assert reload() == []
    write("d/b.md", topic("## Other? {#other}\nB.", title="B"))
    assert reload() == [("d/a.md", line)]
    assert reload() == [("d/a.md", line)]
    write("d/b.md", topic("## Other? {#other}\nB.", TARGET, title="B"))
    assert reload() == []


def test_a_new_id_a_draft_and_a_removed_file_break_links_too(reload, write, topic, content):
    write("d/a.md", topic(LINKING))
    write("e/c.md", topic("## C? {#c}\nSee [it](card:d/target) and [them](../d/b.md).", title="C"))
    both = [("d/a.md", 8), ("e/c.md", 8)]
    for broken in (TARGET.replace("#target", "#tarjet"), TARGET + "\n\nDraft: yes"):
        write("d/b.md", topic(TARGET, title="B"))
        assert reload() == []
        write("d/b.md", topic(broken, title="B"))
        assert reload() == both
    write("d/b.md", topic(TARGET, title="B"))
    assert reload() == []
    (content / "d" / "b.md").unlink()
    assert reload() == [*both, ("e/c.md", 8)]


def test_a_card_that_moves_to_another_file_breaks_nothing(reload, write, topic):
    write("d/a.md", topic(LINKING))
    write("d/b.md", topic(TARGET, title="B"))
    write("d/c.md", topic(title="C"))
    assert reload() == []
    write("d/b.md", topic(title="B"))
    write("d/c.md", topic(TARGET, title="C"))
    assert reload() == []


def test_both_in_one_file(reload, write, topic):
    write("d/a.md", topic(LINKING, TARGET))
    assert reload() == []
    write("d/a.md", topic(LINKING))
    assert reload() == [("d/a.md", 8)]
    write("d/a.md", topic(LINKING, TARGET))
    assert reload() == []


ONE_DRAW = "[A draw](demo:gradient-flow?steps=10&gain=1&phi=relu&input=1&seed=0#ratio=0.0937)"


@pytest.mark.parametrize(("deck", "mistakes", "warnings"), [("title: D\n", 0, 1), ("numbers: over draws\n", 1, 0)])
def test_a_number_of_one_draw_is_a_warning_or_where_the_deck_says_so_a_mistake(
    content, write, topic, deck, mistakes, warnings
):
    write("d/deck.yaml", f"title: D\n{deck}" if "title" not in deck else deck)
    write("d/a.md", topic(f"## Q {{#q}}\nA.\n\n{ONE_DRAW}"))
    checked = check_content(content)
    assert (len(checked.mistakes), len(checked.warnings)) == (mistakes, warnings)
    (found,) = (*checked.mistakes, *checked.warnings)
    assert (found.path, found.line, found.is_warning) == ("d/a.md", 10, bool(warnings))
    assert 'say "in one draw"' in found.message
    write("d/a.md", topic(f"## Q {{#q}}\nA, in one\ndraw.\n\n{ONE_DRAW}"))
    checked = check_content(content)
    assert (checked.mistakes, checked.warnings) == ([], [])


def test_a_deck_says_how_numbers_are_stated(content, write, topic):
    write("d/a.md", topic("## Q {#q}\nA."))
    write("d/deck.yaml", "title: D\nnumbers: always\n")
    (mistake,) = check_content(content).mistakes
    assert (mistake.line, "numbers must be any, or over draws" in mistake.message) == (2, True)


def test_there_are_only_so_many_decks(content, write, topic, find_demo, database, monkeypatch):
    monkeypatch.setattr("app.cards.check.judge.MOST_DECKS", 2)
    for deck in ("a", "b", "c", "d"):
        write(f"{deck}/t.md", topic(f"## Q? {{#{deck}}}\nA."))
    checked = check_content(content, find_demo)
    assert [str(mistake) for mistake in checked.mistakes] == [
        "c:1: there are more than 2 decks: the others are not read"
    ]
    assert {file.found.deck for file in checked.files} == {"a", "b"}
    report = load(database, content, datetime.now(UTC))
    assert [str(mistake) for mistake in report.mistakes] == [
        "c:1: there are more than 2 decks: the others are not read"
    ]
    assert report.added == 2


def test_a_range_is_not_waited_for_however_the_link_names_it(content, write, topic, monkeypatch, tmp_path):
    monkeypatch.setattr("app.cards.check.demo_links.KEPT", Kept(tmp_path / "draws"))
    for named in ("seed=0..5", "over=0..5"):
        write("d/a.md", topic(f"## Q {{#q}}\nA.\n\n[A](demo:gradient-flow?steps=3&input=1&{named}#T=3)"))
        checked = check_content(content, waits=False)
        assert [(one.path, one.line) for one in checked.pending] == [("d/a.md", 10)]


def test_of_two_cards_with_one_id_the_copy_is_named_everywhere(
    content: Path, write: Callable[..., Path], topic: Callable[..., str], database: Database
) -> None:
    """The log, /content and `recur check` ask the database; without one, git knows which was first."""
    write("d/gates.md", topic("## Q {#q}\nA.", "## R\nB."))
    load(database, content, NOW)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], cwd=content, check=True)
    write("d/aaa.md", topic("## Copied {#q}\nA.", "## R\nB."))
    wanted = [
        "d/aaa.md:7: the id 'q' is already taken at d/gates.md:7: choose another",
        "d/aaa.md:10: the id made from this question, 'r', is already taken at d/gates.md:10: write an {#id}",
    ]
    assert [str(one) for one in load(database, content, NOW).mistakes] == wanted
    assert [str(one) for one in check_content(content).mistakes] == wanted
    shutil.rmtree(content / ".git")
    known = CheckCache(others=StoredHolders(database.read))
    assert [str(one) for one in check_content(content, cache=known).mistakes] == wanted
    assert [str(one) for one in load(database, content, NOW).mistakes] == wanted


def test_a_card_that_is_word_for_word_another_is_named(
    content: Path, write: Callable[..., Path], topic: Callable[..., str]
) -> None:
    write("d/a.md", topic("## Q {#one}\nA.", "## Q {#two}\nA.\n\nLevel: easy", "## Q {#three}\nB."))
    write("e/a.md", topic("## Q {#one}\nA."))
    checked = check_content(content)
    assert checked.mistakes == []
    assert [str(one) for one in checked.warnings] == [
        f"{place}: this card is word for word the one at d/a.md:7: remove one, or ask something else"
        for place in ("d/a.md:10", "e/a.md:7")
    ]
