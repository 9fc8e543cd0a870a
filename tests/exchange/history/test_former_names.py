"""A deck that is renamed takes all along, and so does a card that goes to another; old histories know the old name."""

from datetime import timedelta

from app.cards.load.load import LoadReport, load
from app.exchange.history.import_history import ImportedHistory
from app.study.schedule.totals import move_cards
from app.upkeep.doctor.derived import cursors, deviations
from tests.exchange.history.places import NOW, Place, lived

OWNERS = (
    "SELECT learner_id, card_id, token FROM review ORDER BY token",
    "SELECT learner_id, card_id, note FROM card_mark ORDER BY card_id",
    "SELECT learner_id, card_id, tag FROM own_tag ORDER BY card_id",
    "SELECT card_id, position FROM quiz_item ORDER BY position",
    "SELECT card_id, stability, due_on FROM card_state ORDER BY card_id",
)
TOTALS = "SELECT deck.name, sum(rated_1 + rated_2 + rated_3 + rated_4 + rated_5) FROM day_total " \
    "JOIN deck ON deck.id = deck_id WHERE topic_id = 0 GROUP BY deck.name ORDER BY deck.name"  # fmt: skip


def tell_apart(place: Place) -> None:
    """Give each card an answer of its own."""
    for file in place.content.glob("*/*.md"):
        file.write_text(file.read_text().replace("This.", f"This is {file.parent.name}/{file.stem}."))
    place.load()


def loaded(place: Place) -> LoadReport:
    report = load(place.database, place.content, NOW + timedelta(days=30), move_cards=move_cards)
    assert not report.mistakes
    return report


def is_sound(place: Place) -> bool:
    """True if what is derived is what a replay gives."""
    with place.database.read() as session:
        return not list(deviations(place.database)) and not list(cursors(session.connection()))


def test_all_that_hangs_on_a_card_goes_with_its_deck(three: list[Place]) -> None:
    here, there, bare = three
    for place in three:
        tell_apart(place)
    history = lived(here)
    owners = [here.rows(query) for query in OWNERS]
    assert here.rows(TOTALS) == [("d", 3), ("e", 1)]
    (here.content / "d").rename(here.content / "new")
    report = loaded(here)
    assert (report.moved, report.added, report.retired, report.asked) == (3, 0, 0, ())
    assert report.decided == ("3 cards keep their history on the way from d to new, with the same id and answer.",)
    assert [here.rows(query) for query in OWNERS] == owners
    assert here.rows(TOTALS) == [("e", 1), ("new", 3)]
    assert here.rows("SELECT deck.name FROM quiz JOIN deck ON deck.id = deck_id") == [("new",)]
    assert is_sound(here)
    assert here.take(history) == ImportedHistory(added=0, known=6)
    states = here.states()
    # Elsewhere the deck was renamed before anything was learned.
    (there.content / "d").rename(there.content / "new")
    loaded(there)
    assert there.take(history).placeholders == []
    assert there.states() == states
    # And where it was never known by that name, a line of the file says it.
    (bare.content / "d").rename(bare.content / "other")
    for file in (bare.content / "other").glob("*.md"):
        file.write_text(f"{file.read_text()}\nWas: elsewhere/{file.stem}\n")
    loaded(bare)
    assert bare.take(history.replace(b'"deck":"d"', b'"deck":"elsewhere"')).placeholders == []
    assert [state[1:] for state in bare.states()] == [state[1:] for state in states]


def test_a_card_that_goes_to_another_deck_leaves_the_rest_there(three: list[Place]) -> None:
    here = three[0]
    tell_apart(here)
    lived(here)
    owners = [here.rows(query) for query in OWNERS]
    (here.content / "d" / "b.md").rename(here.content / "e" / "b.md")
    assert loaded(here).moved == 1
    assert [here.rows(query) for query in OWNERS] == owners
    assert here.rows(TOTALS) == [("d", 2), ("e", 2)]
    assert here.rows("SELECT deck.name FROM quiz JOIN deck ON deck.id = deck_id") == [("d",)]
    assert is_sound(here)


def test_a_deck_that_is_copied_first_and_then_deleted_was_renamed(three: list[Place]) -> None:
    here = three[0]
    tell_apart(here)
    lived(here)
    owners = [here.rows(query) for query in OWNERS]
    (here.content / "new").mkdir()
    for file in sorted((here.content / "d").glob("*.md")):
        (here.content / "new" / file.name).write_text(file.read_text())
    assert loaded(here).added == 3
    for file in (here.content / "d").glob("*.md"):
        file.unlink()
    assert (loaded(here).retired, here.rows(TOTALS)) == (0, [("e", 1), ("new", 3)])
    assert [here.rows(query) for query in OWNERS] == owners
    assert here.rows("SELECT deck.name FROM quiz JOIN deck ON deck.id = deck_id") == [("new",)]
    assert is_sound(here)


def test_where_two_can_be_meant_nothing_moves_until_the_author_says(three: list[Place]) -> None:
    here = three[0]
    tell_apart(here)
    lived(here)
    owners = [here.rows(query) for query in OWNERS]
    text = (here.content / "d" / "a.md").read_text()
    (here.content / "d" / "a.md").unlink()
    for deck in ("x", "y"):
        (here.content / deck).mkdir()
        (here.content / deck / "a.md").write_text(text)
    report = loaded(here)
    assert (report.added, report.retired, report.decided) == (2, 1, ())
    assert [line.split(":")[0] for line in report.asked] == ["x/a.md", "y/a.md"]
    assert "a may be d/a, and so may y/a.md:5. No history was moved: write the line Was: d/a" in report.asked[0]
    assert loaded(here).asked == ()
    (here.content / "y" / "a.md").write_text(f"{text}\nWas: d/a\n")
    report = loaded(here)
    assert report.decided == ("1 card keeps its history on the way from d to y, as its line Was: says.",)
    assert [here.rows(query) for query in OWNERS] == owners
    assert here.card_id("y/a") == owners[0][0][1]
    assert is_sound(here)
    assert loaded(here) == LoadReport(files=5)


def test_a_history_of_ones_own_is_not_overwritten(three: list[Place]) -> None:
    here = three[0]
    tell_apart(here)
    lived(here)
    text = (here.content / "d" / "a.md").read_text()
    (here.content / "d" / "a.md").unlink()
    for deck in ("x", "y"):
        (here.content / deck).mkdir()
        (here.content / deck / "a.md").write_text(text)
    loaded(here)
    here.now += timedelta(days=40)
    here.rate("y/a", 3)
    (here.content / "y" / "a.md").write_text(f"{text}\nWas: d/a\n")
    reviews = here.reviews()
    report = loaded(here)
    assert report.asked == ("y/a.md:5: a has a history of its own by now: that of d/a stays there",)
    assert here.reviews() == reviews
