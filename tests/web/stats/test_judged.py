"""/stats with computed answers: what it says of them, and nothing where there are none."""

import re
from datetime import timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import update

from app.database import Database
from app.tables import CARD, REVIEW
from app.web.stats.drawing import by_week
from tests.web.conftest import NOW
from tests.web.sitting.test_computed import answer, question, rate, right, slipped
from tests.web.sitting.test_computed import card as card
from tests.web.stats.test_stats import Tables


def test_computed_answers_beside_their_ratings(
    client: TestClient, database: Database, content: Path, card: int
) -> None:
    for number in range(2):
        form = question(client, card)
        typed, _says = slipped(form)
        rate(client, answer(client, form, typed=typed), 4 - number)
    form = question(client, card)
    rate(client, answer(client, form, typed=right(form)), 2)
    page = client.get("/stats?deck=small").text
    assert "1 of 3 answers right (33 %)." in page
    assert "Of the 2 that were not, you rated 2 with a 3 or more." in " ".join(page.split())
    assert "Of the 1 right one, you rated 1 with a 1 or 2." in " ".join(page.split())
    tables = Tables(page).found
    assert [row[:7] for row in tables["Ratings of answers typed"][1:]] == [
        ["right", "·", "1", "·", "·", "·", "0 %"],
        ["a known slip", "·", "·", "1", "1", "·", "100 %"],
    ]
    [row] = tables["Answers typed by question"][1:]
    assert (row[1:3], row[4]) == (["3", "33 %"], "0 s")
    assert sum(int(row[1]) for row in tables["Your commonest slips"][1:]) == 2
    assert "chosen from four" not in page
    assert 'aria-label="By week' not in page  # three answers of one day compare no weeks


def test_slips_are_drawn_by_week() -> None:
    drawn = by_week([(0, 0), (4, 2), (8, 0)])
    assert 'aria-label="By week: not asked, 2 of 4, 0 of 8."' in drawn
    assert re.findall(r'class="(\w+)" x="(\d+)" y="[\d.]+" width="8" height="([\d.]+)"', drawn) == [
        ("ground", "11", "12.0"),
        ("made", "11", "6.0"),
        ("ground", "21", "24.0"),
    ]


def test_points_left_out_link_to_their_card(client: TestClient, database: Database) -> None:
    said = [["The $W_h$.", "The <b>W</b>."], ["The end.", "The end."]]
    with database.write() as session:
        session.connection().execute(update(CARD).where(CARD.c.name == "q1").values(points=said))
    for number in range(5):
        assert "Points you leave out" not in client.get("/stats").text
        form = {"card": "1", "shown_at": NOW.isoformat(), "revealed_after": "0", "after": str(number), "rating": "3"}
        token = {"token": f"{number:032x}", "points": [text for text, _html in said], "made": ["1"]}
        assert client.post("/review", data=form | token, follow_redirects=False).status_code == 303
        with database.write() as session:
            session.connection().execute(
                update(REVIEW).where(REVIEW.c.id == number + 1).values(day=NOW.date() - timedelta(number))
            )
    [row] = Tables(client.get("/stats").text).found["Points you leave out most often"][1:]
    assert row == ["The W. Question 1?", "5 of 5 days"]
    assert '<a href="/cards/small/q1"' in client.get("/stats").text


def test_nothing_is_said_without_computed_answers(client: TestClient, database: Database, content: Path) -> None:
    assert "Computed questions" not in client.get("/stats?deck=small").text
