"""/stats with computed answers: what it says of them, and nothing where there are none."""

from pathlib import Path

from fastapi.testclient import TestClient

from app.database import Database
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


def test_nothing_is_said_without_computed_answers(client: TestClient, database: Database, content: Path) -> None:
    assert "Computed questions" not in client.get("/stats?deck=small").text
