"""/cards/…/versions: what a card said when it was rated can be told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from app.cards.load.load import load
from app.database import Database
from app.models import CardVersion, Review
from app.web.course.versions import LONGEST_COMPARED, changes, number_at
from tests.examples import examples
from tests.web.conftest import NOW

WORDS = st.lists(st.sampled_from(["gate", "state", "<b>", " ", "\n\n", "  "]), max_size=30).map("".join)


def test_the_versions_of_a_card(client: TestClient, database: Database, content: Path) -> None:
    address = "/cards/small/q2"
    assert "has changed" not in client.get(address).text
    assert "has not changed" in client.get(f"{address}/versions").text
    with database.write() as session:
        for token, minutes in (("a", 1), ("b", 61)):
            at = NOW + timedelta(minutes=minutes)
            mine = Review(
                learner_id=1, card_id=2, token=token, rating=4, rated_at=at, counts_at=at, day=at.date(),
                desired_retention=0.9, checksum="",
            )  # fmt: skip
            session.add(mine)
    file = content / "small" / "first.md"
    file.write_text(file.read_text().replace("Answer 2.", "Answer two, `reworded`."))
    load(database, content, NOW + timedelta(minutes=60))
    page = client.get(address).text
    assert f'<a href="{address}/versions">2 versions</a>' in page
    assert page.count("as it was then") == 1
    assert f'"{address}/versions#version-1">as it was then' in page
    page = client.get(f"{address}/versions").text
    assert page.index("Version 2, the current") < page.index("Version 1")
    assert "<del>2.</del><ins>two, `reworded`.</ins>" in page
    assert "From today, 11:00, in <code>" in page  # Berlin
    assert "<code>small/first.md:17</code>" in page
    assert client.get("/cards/small/q22/versions").status_code == 404


def test_a_moment_has_the_version_that_was_loaded_last() -> None:
    times = (datetime(2030, 1, day, tzinfo=UTC) for day in (2, 4, 4))
    versions = [CardVersion(card_id=1, text_hash="", markdown="", path="", line=1, loaded_at=at) for at in times]
    days = {day: number_at(versions, datetime(2030, 1, day, tzinfo=UTC)) for day in range(1, 6)}
    assert days == {1: None, 2: 1, 3: 1, 4: 3, 5: 3}


@examples(60)
@given(WORDS, WORDS)
def test_both_texts_can_be_read_from_their_changes(before: str, after: str) -> None:
    pieces = list(changes(before, after))
    assert "".join(text for kind, text in pieces if kind != "new") == before
    assert "".join(text for kind, text in pieces if kind != "gone") == after


def test_very_long_texts_are_shown_side_by_side() -> None:
    long = "word " * LONGEST_COMPARED
    assert [kind for kind, _text in changes(long, long + "more")] == ["gone", "new"]
