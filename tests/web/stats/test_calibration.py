"""/stats: what was foretold against what happened, and how sure one was."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.database import Database
from app.study.forecast import fold
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from tests.web.conftest import NOW
from tests.web.stats.test_stats import Tables

TWO_A_DAY = ((4, 4), (1, 3), (4, 2), (5, 1), (4, 4), (2, 5), (3, 4), (1, 4))


@pytest.fixture
def studied(client: TestClient, database: Database) -> TestClient:
    """Two cards rated every other day, each as sure as its rating says: 2 × 7 recalls, of which 9 succeeded."""
    prefs = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
    last = {1: 0, 2: 0}
    for number, pair in enumerate(TWO_A_DAY):
        at = NOW - timedelta(days=2 * (len(TWO_A_DAY) - number))
        for card, rating in zip((1, 2), pair, strict=True):
            sure = None if not number else 3 if rating > 3 else 1
            with database.write() as session:
                answer = Answer(card, rating, f"{card}-{number}", last[card], at, at, sure=sure)
                last[card] = rate(session, prefs, answer, at).review.id
    return client


def tables(client: TestClient) -> dict[str, list[list[str]]]:
    return Tables(client.get("/stats").text).found


def test_each_forecast_is_set_beside_what_happened(studied: TestClient) -> None:
    page = studied.get("/stats").text
    assert "Of 14 recalls, 9 succeeded (64 %)." in page
    assert "With fewer than a hundred recalls" in page
    good = tables(studied)["How good each forecast was"]
    assert [row[0] for row in good[1:]] == ["your forecast", "FSRS alone", "SM-2", "a coin"]
    assert good[4][1:] == ["50.0 %", "0.693"]
    for _name, given, loss in good[1:]:
        assert float(given.rstrip("\xa0 %")) / 100 == pytest.approx(2.718281828 ** -float(loss), abs=0.001)


def test_by_chance_the_counts_add_up_and_are_drawn(studied: TestClient) -> None:
    found, page = tables(studied), studied.get("/stats").text
    for name in ("your forecast", "FSRS alone", "SM-2"):
        rows = found[f"By chance: {name}"][1:]
        assert sum(int(row[1]) for row in rows) == 14
        assert sum(round(int(row[1]) * int(row[3].removesuffix(" %")) / 100) for row in rows) == 9
        for bin_words, _asked, mean, share, interval in rows:
            low, high = map(int, re.findall(r"\d+", interval))
            assert low <= int(share.removesuffix(" %")) <= high
            least, most = map(int, re.findall(r"\d+", bin_words))
            assert least <= int(mean.removesuffix(" %")) <= most
        assert len(re.findall(f"<title>{name}: ", page)) == len(rows)


def test_sm2_is_worked_out_by_hand(studied: TestClient) -> None:
    """Two days after each first answer; the intervals were 1, 6 … as SM-2 has them: 0.9 ** (2 / interval)."""
    by_card = {1: [4, 1, 4, 5, 4, 2, 3, 1], 2: [4, 3, 2, 1, 4, 5, 4, 4]}
    foretold = []
    for ratings in by_card.values():
        ease, number, interval = 2.5, 0, 0.0
        for at, rating in enumerate(ratings):
            if at:
                foretold.append(0.9 ** (2 / interval))
            if rating < 3:
                number, interval = 0, 1.0
                continue
            ease = max(1.3, ease + 0.1 - (5 - rating) * (0.08 + (5 - rating) * 0.02))
            interval = [1.0, 6.0][number] if number < 2 else interval * ease
            number += 1
    mean = f"SM‑2 {100 * sum(foretold) / len(foretold):.0f} %."
    assert mean in studied.get("/stats").text


def test_how_sure_one_was_is_set_beside_how_often_one_was_right(studied: TestClient) -> None:
    rows = tables(studied)["How sure you were"][1:]
    assert [row[:3] for row in rows] == [["a guess", "7", "29 %"], ["fairly sure", "·", "–"], ["certain", "7", "100 %"]]
    assert "When you said “certain”, you were right 7 of 7 times (100 %)." in studied.get("/stats").text


def test_without_a_word_of_it_the_page_says_how_to_begin(client: TestClient, database: Database) -> None:
    at = NOW - timedelta(days=1)
    with database.write() as session:
        rate(session, Preferences(1, ZoneInfo("UTC"), 4, 20, 0.9), Answer(1, 4, "t", 0, at, at), at)
    page = client.get("/stats").text
    assert "You can say how sure you are as you show an answer" in page
    assert "No recall yet" in page.split('id="calibration"')[1]


def test_while_reviews_wait_to_be_folded_it_says_so(studied: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold, "AT_ONCE", 3)
    assert "your forecast is being worked out again" in studied.get("/stats").text
    assert studied.get("/").status_code == 200


def test_the_figures_are_of_all_decks_and_all_time(studied: TestClient, database: Database) -> None:
    assert "Of 14 recalls, 9 succeeded" in studied.get("/stats?period=30&topic=first").text
    with database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM forecast")).scalar() == 0, "nothing was stored"
