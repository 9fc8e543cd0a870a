"""/cards: one card with its history."""

import re
from datetime import date, timedelta
from functools import partial

import pytest
from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import Settings
from tests.web.conftest import NOW
from tests.web.sitting.test_review import rating_form

BASE = "http://127.0.0.1:8000"


@pytest.mark.parametrize(("day", "is_told"), [("2026-03-01", False), ("2026-03-02", False), ("2026-03-03", True)])
def test_who_rated_a_card_before_its_correction_is_told_of_it(
    client: TestClient, database: Database, settings: Settings, day: str, is_told: bool
) -> None:
    """Rated on 2 March. The sentence is above the answer, there and in a sitting, until the card is rated again."""
    client.post("/review", data=rating_form(client))
    file = settings.content_dir / "small" / "first.md"
    file.write_text(file.read_text().replace("Level: easy", f"Level: easy\nCorrected: {day} It was `2`, not 1."))
    assert not load(database, settings.content_dir, NOW).mistakes
    words = f"Corrected on {date.fromisoformat(day):%-d %B %Y}, after you last rated it:</b> It was `2`, not 1."
    later = NOW + timedelta(days=30)
    client = TestClient(create_app(settings, database, lambda: later), base_url="http://127.0.0.1:8000")
    assert (words in client.get("/cards/small/q1").text) == is_told
    shown: dict[str, str | int] = {"deck": "small", "card": 1, "shown_at": later.isoformat()}
    assert (words in client.get("/review", params=shown).text) == is_told
    assert words not in client.get("/cards/small/q2").text  # it was never rated


def test_a_card_of_an_unknown_name_leads_to_the_nearest(client: TestClient) -> None:
    answer = client.get("/cards/small/q11")
    assert answer.status_code == 404
    assert "The nearest is" in answer.text


def test_a_card_is_found_by_a_name_that_it_had(client: TestClient, settings: Settings, database: Database) -> None:
    (settings.content_dir / "small").rename(settings.content_dir / "large")
    load(database, settings.content_dir, NOW)
    answer = client.get("/cards/small/q1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/cards/large/q1")


def test_a_card_says_why_its_chance_is_what_it_is(client: TestClient, database: Database, settings: Settings) -> None:
    """Missed three days in a row, though FSRS expected it to be recalled."""
    for days in (0, 1, 2, 3):
        now = NOW + timedelta(days=days)
        client = TestClient(create_app(settings, database, partial(NOW.__add__, timedelta(days=days))), base_url=BASE)
        client.post("/review", data=rating_form(client, shown=now.isoformat(), rating=4 if days == 0 else 2))
    page = client.get("/cards/small/q1").text
    assert "Recall today" not in page  # it was rated today
    later = partial(NOW.__add__, timedelta(days=5))
    client = TestClient(create_app(settings, database, later), base_url=BASE)
    text = client.get("/cards/small/q1").text
    said = re.search(r"Recall today: <b>(\d+)\s%</b>\. FSRS alone says (\d+)\s%; (.*)\.</p>", text)
    assert said is not None
    chance, fsrs, reasons = int(said[1]), int(said[2]), said[3]
    points = [int(one.replace("−", "-")) for one in re.findall(r"[+−]\d+", reasons)]
    assert fsrs + sum(points) == chance < fsrs
    assert "your record on this card −" in reasons
