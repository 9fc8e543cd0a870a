"""A card with the line Draft: yes is checked like any other, and no learner sees it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from app.cards.check.check import check_content
from app.cards.load.load import load
from app.models import Card, Deck, Topic

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
ONE, TWO = "## One? {#one}\nFirst.", "## Two? {#two}\nSecond."
DRAFT = "\n\nDraft: yes"


@pytest.fixture
def reload(database, content, find_demo):
    return lambda now=NOW: load(database, content, now, find_demo)


@pytest.fixture
def rows(database):
    """Every card's row, by name."""

    def rows() -> dict[str, Card]:
        with database.read() as session:
            return {card.name: card for card in session.exec(select(Card))}

    return rows


def test_a_draft_is_in_no_table_until_it_is_none(reload, write, topic, rows):
    write("d/a.md", topic(ONE, TWO + DRAFT))
    assert reload().added == 1
    assert list(rows()) == ["one"]
    write("d/a.md", topic(ONE, TWO))
    assert reload().added == 1
    assert sorted(rows()) == ["one", "two"]


@pytest.mark.parametrize("name", [" {#two}", ""], ids=["with an id", "without"])
def test_a_card_that_becomes_a_draft_is_retired_and_comes_back_as_the_same_row(name, reload, write, topic, rows):
    two = f"## Two?{name}\nSecond."
    write("d/a.md", topic(ONE, two))
    reload()
    before = rows()["two"].id
    write("d/a.md", topic(ONE, two + DRAFT))
    assert reload().retired == 1
    assert rows()["two"].retired_at == NOW
    write("d/a.md", topic(ONE, two))
    report = reload(NOW + timedelta(days=1))
    assert (report.returned, report.added) == (1, 0)
    assert rows()["two"].id == before
    assert rows()["two"].retired_at is None


def test_a_topic_of_drafts_alone_is_hidden_with_them(database, reload, write, topic, rows):
    def topics() -> list[str]:
        with database.read() as session:
            return [row.name for row in session.exec(select(Topic)) if row.retired_at is None]

    write("d/a.md", topic(ONE))
    write("d/b.md", topic(TWO + DRAFT, title="B"))
    write("e/c.md", topic(TWO + DRAFT, title="C"))
    reload()
    assert topics() == ["a"]
    with database.read() as session:
        assert [deck.name for deck in session.exec(select(Deck))] == ["d"]
    write("d/a.md", topic(ONE + DRAFT))
    write("d/b.md", topic(TWO, title="B"))
    reload()
    assert topics() == ["b"]
    assert rows()["one"].retired_at == NOW
    write("d/a.md", topic(ONE))
    assert reload().returned == 1
    assert sorted(topics()) == ["a", "b"]


def test_a_draft_covers_nothing_and_is_counted_apart(content, write, topic):
    write("d/a.md", topic(ONE + "\n\nSource: book-1", TWO + "\n\nSource: book-2" + DRAFT))
    write("d/b.md", topic("## Three? {#three}\nThird." + DRAFT, before="Why.\n\nSource: book-2", title="B"))
    checked = check_content(content)
    assert (checked.mistakes, checked.cards, checked.drafts, checked.uncovered) == ([], 1, 2, ["book-2"])


@pytest.mark.parametrize(
    ("card", "line", "words"),
    [
        ("## Two? {#two}\nA $x.\n\nDraft: yes", 8, "does not open or close a formula"),
        ("## Two? {#two}\nA [n](demo:line#double=3).\n\nDraft: yes", 8, "double=3 is stated"),
        ("## Two? {#two}\nA.\n\nSource: book-7\nDraft: yes", 10, "there is no source item 'book-7'"),
        ("## Two? {#two}\nA [c](card:tow).\n\nDraft: yes", 8, "there is no card 'tow' in d. Did you mean 'two'?"),
        ("## Two? {#one}\nA.\n\nDraft: yes", 7, "the id 'one' is already taken at d/b.md:7"),
        ("## Two? {#two}\nA.\n\nDraft: no", 10, "Draft: must be yes, not 'no'"),
        ("## Two? {#two}\nA.\n\nDraft: yes\nDraft: yes", 11, "Draft: appears twice"),
        ("## Two? {#two}\nA.\n\ndraft: yes", 10, "'draft:' must be written as one of"),
        ("Draft: yes\n\n## Two? {#two}\nA.", 7, "Draft: belongs to a card, not to a topic"),
    ],
)
def test_a_draft_is_checked(card, line, words, content, write, topic, find_demo):
    write("d/a.md", topic(card))
    write("d/b.md", topic(ONE, title="B"))
    (mistake,) = check_content(content, find_demo).mistakes
    assert (mistake.path, mistake.line) == ("d/a.md", line)
    assert words in mistake.message


def test_only_a_draft_may_link_to_a_draft(content, write, topic, reload):
    write("d/a.md", topic("## Two? {#two}\nSee [one](card:one), [three](card:three)." + DRAFT))
    write("d/b.md", topic("## Three? {#three}\nThird." + DRAFT, ONE, title="B"))
    assert check_content(content).mistakes == []
    assert reload().mistakes == ()
    write("d/b.md", topic("## Three? {#three}\nThird." + DRAFT, ONE + "\n\nSee [two](card:two).", title="B"))
    (mistake,) = check_content(content).mistakes
    assert str(mistake).startswith("d/b.md:15: the card 'two' is a draft, which learners do not see")
    assert [(one.path, one.line) for one in reload().mistakes] == [("d/b.md", 15)]
