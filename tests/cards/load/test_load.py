"""Files into the database: what changed is read, history stays, broken files keep their last good version."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from app.cards.load.load import load
from app.cards.render.render import RENDERER
from app.models import Card, CardDemo, CardLink, CardSource, CardTag, ContentFile, Deck, NewCardCursor, Topic

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def reload(database, content, find_demo):
    """Load the content; gives the report."""

    def reload(now: datetime = NOW):
        return load(database, content, now, find_demo)

    return reload


@pytest.fixture
def cards(database):
    """The deck's cards by name."""

    def cards(deck: str = "d") -> dict[str, Card]:
        with database.read() as session:
            found = session.exec(select(Card).join(Deck).where(Deck.name == deck).order_by(Card.place)).all()
            return {card.name: card for card in found}

    return cards


def live(cards: dict[str, Card]) -> list[str]:
    return [name for name, card in cards.items() if card.retired_at is None]


FULL = """\
## Why does *x* vanish in $h$? {#why}
Short **answer**.

Longer [one](demo:line?x=2#double=4), and [two](demo:line).

Level: hard
Source: book-1, book-2
Tags: training, memory"""


def test_a_file_becomes_a_topic_and_cards(database, reload, write, topic, cards):
    before = "Explained $x$.\n\nSource: book-2\n\n## Key points\n- Point. Source: book-1"
    write("d/a.md", topic(FULL, "## Second?\nB.", title="Vanishing", order=60, before=before))
    write("d/deck.yaml", "title: The deck\n")
    report = reload()
    assert (report.files, report.read, report.added, report.mistakes) == (1, 1, 2, ())
    with database.read() as session:
        assert session.exec(select(Deck)).one().title == "The deck"
        found = session.exec(select(Topic)).one()
        assert (found.name, found.path, found.title, found.place) == ("a", "d/a.md", "Vanishing", "000060/a")
        assert "<math" in found.explanation_html
        assert found.key_points_html == "<ul>\n<li>Point.</li>\n</ul>"
        assert found.sources == ["book-2", "book-1"]
        card = cards()["why"]
        assert (card.line, card.is_named, card.level, card.place) == (12, True, "hard", "000060/a/00000")
        assert card.question == "Why does x vanish in h?"
        assert card.question_html.startswith('Why does <em>x</em> vanish in <span class="glued"><math')
        assert card.short_html == "<p>Short <strong>answer</strong>.</p>"
        assert "demo-link" in card.answer_html
        assert "Source" not in card.answer_html
        second = cards()["second"]
        assert (second.is_named, second.place, second.answer_html) == (False, "000060/a/00001", "")
        assert session.exec(select(CardSource.item).order_by(CardSource.item)).all() == ["book-1", "book-2"]
        assert session.exec(select(CardTag.tag).order_by(CardTag.tag)).all() == ["memory", "training"]
        demos = session.exec(select(CardDemo).order_by(col(CardDemo.position))).all()
        assert [(demo.demo, demo.query, demo.label) for demo in demos] == [("line", "x=2", "one"), ("line", "", "two")]


def test_a_changed_card_changes_its_links_and_sources(database, reload, write, topic):
    write("d/a.md", topic(FULL))
    reload()
    write("d/a.md", topic("## Why? {#why}\nShort [three](demo:line?x=3).\n\nSource: book-2"))
    assert reload().changed == 1
    with database.read() as session:
        assert session.exec(select(CardDemo.query)).all() == ["x=3"]
        assert session.exec(select(CardSource.item)).all() == ["book-2"]
        assert session.exec(select(CardTag)).all() == []


LINKED = """\
## First? {#first}
Short, see [second](card:second).

**They may ask next:** [the third?](card:third) and [one elsewhere?](card:e/far)

- **They may ask next:** is said [in a list](card:second), too.

Not **They may ask next:** [here](card:third), and no [demo](demo:line) or [page](https://example.org) counts."""
LINKS = [
    (0, "d", "second", False),
    (1, "d", "third", True),
    (2, "e", "far", True),
    (3, "d", "second", True),
    (4, "d", "third", False),
]


@pytest.fixture
def links(database, cards):
    """The links of a card of deck d, in order."""

    def links(name: str = "first") -> list[tuple[int, str, str, bool]]:
        with database.read() as session:
            query = select(CardLink).where(CardLink.card_id == cards()[name].id).order_by(col(CardLink.position))
            return [(link.position, link.deck, link.name, link.is_follow_up) for link in session.exec(query)]

    return links


def test_links_to_cards_are_kept_in_order_and_follow_ups_known(reload, write, topic, links):
    write("d/a.md", topic(LINKED, "## Second? {#second}\nA.", "## Third? {#third}\nA."))
    write("e/b.md", topic("## Far? {#far}\nA."))
    assert not reload().mistakes
    assert links() == LINKS
    write("d/a.md", topic("## First? {#first}\nNow [far](card:e/far).", "## Second? {#second}\nA."))
    reload()
    assert links() == [(0, "e", "far", False)]


def test_cards_loaded_by_an_earlier_version_get_their_links(database, reload, write, topic, links, monkeypatch):
    write("d/a.md", topic(LINKED, "## Second? {#second}\nA.", "## Third? {#third}\nA."))
    write("e/b.md", topic("## Far? {#far}\nA."))
    earlier = RENDERER.replace("2", "1", 1)
    with monkeypatch.context() as patch:
        for module in ("load.load", "render.prepare"):
            patch.setattr(f"app.cards.{module}.RENDERER", earlier)
        reload()
    with database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM card_link")
    assert reload().read == 2
    assert links() == LINKS


def test_a_broken_file_keeps_its_last_good_version_and_its_mistakes_are_known(database, reload, write, topic, cards):
    good = topic("## Q {#q}\nGood.", "## R {#r}\nGood.")
    write("d/a.md", good)
    reload()
    write("d/a.md", good.replace("Good.", "Better $."))
    report = reload()
    assert [mistake.line for mistake in report.mistakes] == [8, 11]
    assert cards()["q"].short_html == "<p>Good.</p>"
    with database.read() as session:
        row = session.get_one(ContentFile, "d/a.md")
        assert [mistake["line"] for mistake in row.mistakes] == [8, 11]
        assert "does not open or close" in str(row.mistakes[0]["message"])
    write("d/a.md", b"\xff\xfe\0\0 nothing that can be read")
    assert len(reload().mistakes) == 1
    assert live(cards()) == ["q", "r"]
    write("d/a.md", good.replace("Good.", "Best."))
    assert reload().mistakes == ()
    assert cards()["q"].short_html == "<p>Best.</p>"
    with database.read() as session:
        assert session.get_one(ContentFile, "d/a.md").mistakes == []


def test_a_card_that_leaves_is_retired_and_comes_back_the_same(database, reload, write, topic, cards, content):
    write("d/a.md", topic("## Q {#q}\nA.", "## R {#r}\nB."))
    reload()
    before = cards()["q"].id
    write("d/a.md", topic("## R {#r}\nB."))
    assert reload().retired == 1
    assert live(cards()) == ["r"]
    assert cards()["q"].retired_at == NOW
    (content / "d" / "a.md").unlink()
    reload()
    assert live(cards()) == []
    with database.read() as session:
        assert session.exec(select(Topic)).one().retired_at == NOW
        assert [row.path for row in session.exec(select(ContentFile)).all()] == ["sources.yaml"]
    write("d/b.md", topic("## Quite another question {#q}\nC."))
    assert reload().returned == 1
    assert live(cards()) == ["q"]
    assert cards()["q"].id == before
    write("d/a.md", topic("## R {#r}\nB."))
    assert reload().returned == 1
    with database.read() as session:
        assert {row.name: row.retired_at for row in session.exec(select(Topic)).all()} == {"a": None, "b": None}


def test_a_card_moved_between_files_saved_one_after_the_other_heals(reload, write, topic, cards):
    write("d/a.md", topic("## Q {#q}\nA.", "## R {#r}\nB."))
    write("d/b.md", topic(title="B"))
    reload()
    ids = {name: card.id for name, card in cards().items()}
    write("d/b.md", topic("## Q {#q}\nA.", title="B"))
    (mistake,) = reload().mistakes
    assert (mistake.path, mistake.line) == ("d/b.md", 7)
    assert "d/a.md:7" in mistake.message
    write("d/a.md", topic("## R {#r}\nB."))
    assert reload().mistakes == ()
    assert {name: card.id for name, card in cards().items()} == ids
    assert live(cards()) == ["r", "q"]


def test_a_broken_file_that_gave_a_card_away_does_not_keep_it(reload, write, topic, cards):
    write("d/a.md", topic("## Q {#q}\nA.", "## R {#r}\nB."))
    reload()
    write("d/a.md", topic("## R {#r}\n$."))
    write("d/b.md", topic("## Q {#q}\nMoved.", title="B"))
    assert [mistake.path for mistake in reload().mistakes] == ["d/a.md"]
    assert cards()["q"].short_html == "<p>Moved.</p>"
    assert live(cards()) == ["r", "q"]


def test_a_copy_is_refused_while_the_file_of_the_first_cannot_be_read(reload, write, topic, cards):
    write("d/b.md", topic("## Q {#q}\nA."))
    reload()
    write("d/b.md", b"\0")
    write("d/a.md", topic("## Q {#q}\nCopy."))
    assert [mistake.path for mistake in reload().mistakes] == ["d/a.md", "d/b.md"]
    assert cards()["q"].short_html == "<p>A.</p>"


def test_a_file_keeps_its_cards_against_an_earlier_copy(reload, write, topic, cards):
    write("d/b.md", topic("## Q {#q}\nA."))
    reload()
    write("d/b.md", topic("## Q {#q}\nReworded."))
    write("d/a.md", topic("## Q {#q}\nCopy."))
    assert [mistake.path for mistake in reload().mistakes] == ["d/a.md"]
    assert cards()["q"].short_html == "<p>Reworded.</p>"


def test_of_two_files_that_both_got_a_card_the_one_with_its_answer_keeps_it(reload, write, topic, cards, content):
    write("d/b.md", topic("## Q {#q}\nA."))
    reload()
    (content / "d" / "b.md").unlink()
    write("d/a.md", topic("## Q {#q}\nAnother."))
    write("d/c.md", topic("## Q {#q}\nA."))
    assert [mistake.path for mistake in reload().mistakes] == ["d/a.md"]
    assert cards()["q"].short_html == "<p>A.</p>"


def test_a_link_to_a_card_that_comes_in_the_same_load_is_good_and_heals_when_it_comes_later(reload, write, topic):
    write("d/a.md", topic("## Q {#q}\nSee [r](card:r) and [s](card:s)."))
    write("d/b.md", topic("## R {#r}\nA."))
    (mistake,) = reload().mistakes
    assert "there is no card 's'" in mistake.message
    write("d/c.md", topic("## S {#s}\nA."))
    assert reload().mistakes == ()


def test_a_new_source_item_heals_the_files_that_named_it_and_a_lost_one_breaks_them(reload, write, topic, content):
    listed = (content / "sources.yaml").read_text()
    write("d/a.md", topic("## Q {#q}\nA.\n\nSource: book-3"))
    assert len(reload().mistakes) == 1
    write("sources.yaml", listed + "      book-3: the third chapter\n")
    assert reload().mistakes == ()
    write("sources.yaml", listed)
    (mistake,) = reload().mistakes
    assert (mistake.path, mistake.line) == ("d/a.md", 10)
    write("sources.yaml", "documents: 1\n")
    assert [mistake.path for mistake in reload().mistakes] == ["sources.yaml"]


def test_cards_sort_by_topic_order_then_place_in_the_file(reload, write, topic, cards):
    write("d/a.md", topic("## Q1 {#q1}\nA.", "## Q2 {#q2}\nA.", order=200))
    write("d/b.md", topic("## Q3 {#q3}\nA.", order=30))
    write("d/c.md", "---\ntitle: C\n---\n## Q4 {#q4}\nA.\n")
    reload()
    assert list(cards()) == ["q3", "q1", "q2", "q4"]
    write("d/a.md", topic("## Q2 {#q2}\nA.", "## Q1 {#q1}\nA.", order=1))
    assert reload().moved == 2
    assert list(cards()) == ["q2", "q1", "q3", "q4"]


def test_the_hint_for_new_cards_goes_when_cards_come_move_or_leave_and_only_of_that_deck(
    database, reload, write, topic, content
):
    write("d/a.md", topic("## Q {#q}\nA.", "## R {#r}\nA."))
    write("e/b.md", topic("## Q {#q}\nA."))
    reload()
    with database.read() as session:
        decks = {deck.name: deck.id for deck in session.exec(select(Deck)).all()}

    def survives(change) -> bool:
        with database.write() as session:
            for deck_id in decks.values():
                session.merge(NewCardCursor(learner_id=1, deck_id=deck_id, place="x"))
        change()
        assert reload().mistakes == ()
        with database.read() as session:
            left = set(session.exec(select(NewCardCursor.deck_id)).all())
        assert decks["e"] in left
        return decks["d"] in left

    assert survives(lambda: write("d/a.md", topic("## Q {#q}\nReworded.", "## R {#r}\nA.")))
    assert not survives(lambda: write("d/a.md", topic("## R {#r}\nA.", "## Q {#q}\nReworded.")))
    assert not survives(lambda: write("d/a.md", topic("## R {#r}\nA.")))
    assert not survives(lambda: write("d/a.md", topic("## R {#r}\nA.", "## Q {#q}\nReworded.")))
    assert not survives(lambda: write("d/c.md", topic("## S {#s}\nA.")))
    assert not survives((content / "d" / "c.md").unlink)


def test_a_missing_folder_changes_nothing(reload, write, topic, cards, content):
    write("d/a.md", topic("## Q {#q}\nA."))
    reload()
    content.rename(content.with_name("elsewhere"))
    (mistake,) = reload().mistakes
    assert "cannot be read" in mistake.message
    assert live(cards()) == ["q"]


def test_two_loads_at_once_write_each_card_once(database, content, write, topic, cards, find_demo):
    for number in range(20):
        write(f"d/t{number}.md", topic(f"## Q {number}?\nA."))
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: load(database, content, NOW, find_demo), range(4)))
    assert sum(report.added for report in reports) == 20
    assert len(live(cards())) == 20


def test_a_paper_that_leaves_the_list_makes_its_citations_mistakes(content, reload, write, topic):
    write("d/a.md", topic("## Q {#q}\nAs [Elman 1990](paper:elman-1990) shows."))
    assert reload().mistakes == ()
    listed = (content / "sources.yaml").read_text()
    write("sources.yaml", listed.replace("elman-1990", "elman-1991"))
    (mistake,) = reload().mistakes
    assert mistake.message == "there is no paper 'elman-1990'. Did you mean 'elman-1991'?"
    write("sources.yaml", listed)
    assert reload().mistakes == ()


def test_a_decks_first_file_is_loaded_once_it_is_mended(reload, write, topic, cards):
    """The file is known from before, and the deck is not: no good file has made it."""
    write("e/a.md", topic("## Q {#q}\nSee [it](card:gone)."))
    assert len(reload().mistakes) == 1
    write("e/a.md", topic("## Q {#q}\nMended."))
    assert reload().added == 1
    assert live(cards("e")) == ["q"]
