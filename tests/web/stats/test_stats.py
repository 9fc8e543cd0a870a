"""/stats: figures as tables and drawings, chosen by address, whole or in part."""

import re
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.settings import Settings
from app.study.learner.preferences import Preferences
from app.study.schedule.rate import Answer, rate
from app.study.schedule.totals import move_cards
from app.web.stats.drawing import top
from tests.examples import examples
from tests.web.conftest import NOW

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Tables(HTMLParser):
    """The rows of every table, as lists of their cells' words, by the accessible name of the box around it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, list[list[str]]] = {}
        self._box = ""
        self._in_cell = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and (label := dict(attrs).get("aria-label")):
            self._box = label.removesuffix(", a table")
        if tag == "tr":
            self.found.setdefault(self._box, []).append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.found[self._box][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.found[self._box][-1][-1] += data


def study(database: Database, ratings: str, start: datetime, every: timedelta) -> None:
    """Rate cards q1 to q5 in turn, each after 20 seconds."""
    prefs = Preferences(1, ZoneInfo("Europe/Berlin"), 4, 20, 0.9)
    with database.read() as session:
        ids = list(session.connection().execute(text("SELECT id FROM card ORDER BY name")).scalars())
    last: dict[int, int] = {}
    for number, rating in enumerate(ratings):
        at, card = start + every * number, ids[number % len(ids)]
        with database.write() as session:
            shown = at - timedelta(seconds=20)
            answer = Answer(card, int(rating), f"t{number}", last.get(card, 0), shown, at)
            last[card] = rate(session, prefs, answer, at).review.id


@pytest.fixture
def studied(client: TestClient, database: Database) -> TestClient:
    """Twelve ratings, one every second day until today: q1 and q2 three times, q3 to q5 twice."""
    study(database, "445144445324", NOW - timedelta(days=22), timedelta(days=2))
    return client


def tables(client: TestClient, address: str = "/stats") -> dict[str, list[list[str]]]:
    answer = client.get(address)
    assert answer.status_code == 200
    return Tables(answer.text).found


def test_before_the_first_rating_it_says_what_will_be_here(client: TestClient) -> None:
    page = client.get("/stats").text
    assert "Nothing to show yet." in page
    assert "After your first sitting" in page
    assert 'href="/review?deck=small"' in page
    assert "<table" not in page


def test_every_figure_is_a_table(studied: TestClient) -> None:
    found = tables(studied)
    assert set(found) == {
        "The past year", "Reviews and minutes", "What falls due", "Recalled by interval", "Recalled by topic",
        "How good each forecast was", *(f"By chance: {name}" for name in ("your forecast", "FSRS alone", "SM-2")),
        "Ratings over time", "Memory strength", "The hardest cards",
    }  # fmt: skip
    days = found["The past year"]
    assert len(days) == 1 + 12
    assert days[1] == ["2 March", "1", "·", "0.3"]
    assert days[-1] == ["8 February", "1", "1", "0.3"]
    activity = found["Reviews and minutes"]
    assert len(activity) == 1 + 23  # since the first review
    assert [activity[1], activity[2], activity[23]] == [
        ["2 March", "1", "·", "0.3"], ["1 March", "·", "·", "·"], ["8 February", "1", "1", "0.3"],
    ]  # fmt: skip
    assert len(found["What falls due"]) == 1 + 30
    # Five first ratings are no recalls; the seven after ten days are, of which a 3 and a 2 are the lowest.
    assert found["Recalled by interval"][1][:2] == ["8–14", "7"]
    assert found["Recalled by interval"][1][2] == "86 %"
    assert found["Recalled by topic"][1][:3] == ["First topic", "7", "86 %"]
    assert found["Ratings over time"][1:3] == [
        ["March 2026", "·", "·", "·", "1", "·", "100 %"], ["February 2026", "1", "1", "1", "6", "2", "82 %"],
    ]  # fmt: skip
    assert sum(int(row[1]) for row in found["Memory strength"][1:] if row[1] != "·") == 5
    hardest = found["The hardest cards"][1]
    assert (hardest[0].split("?")[0], hardest[2]) == ("Question 1", "1")


def test_captions_say_what_the_tables_say(studied: TestClient) -> None:
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", studied.get("/stats").text))
    assert "12 reviews on 12 days, 4 minutes." in page
    assert "12 days with a review since 3 March 2025" in page
    assert "Of 7 recalls, 6 succeeded (86 %)" in page
    assert "83 % of 12 ratings were 3 or better." in page
    assert "streak" not in page


def test_the_period_chooses_what_is_counted(studied: TestClient) -> None:
    by_day = tables(studied, "/stats?period=year")["Reviews and minutes"]  # as two months have a review
    assert by_day[0] == ["Day", "reviews", "new", "minutes"]
    assert tables(studied, "/stats?period=all")["Reviews and minutes"] == by_day
    assert sum(int(row[1]) for row in by_day[1:] if row[1] != "·") == 12
    by_month = tables(studied, "/stats?period=year")["Ratings over time"]
    assert [row[0] for row in by_month[1:]] == ["March 2026", "February 2026"]  # none before the first review
    assert len(tables(studied, "/stats?period=30")["Reviews and minutes"]) == 1 + 23


def test_a_topic_is_chosen_by_name(studied: TestClient, database: Database, content: Path) -> None:
    first = content / "small" / "first.md"
    whole = first.read_text()
    at = whole.index("## Question 5")
    first.write_text(whole[:at])
    (content / "small" / "second.md").write_text(f"---\ntitle: Second topic\norder: 2\n---\n\n{whole[at:]}")
    assert not load(database, content, NOW, move_cards=move_cards).mistakes
    second = tables(studied, "/stats?topic=second&period=all")
    assert sum(int(row[1]) for row in second["Reviews and minutes"][1:] if row[1] != "·") == 2
    assert second["Recalled by topic"][1][0] == "Second topic"
    assert "12 reviews" in re.sub("<[^>]+>", "", studied.get("/stats?period=all").text)
    assert "10 reviews" in re.sub("<[^>]+>", "", studied.get("/stats?period=all&topic=first").text)


def test_a_topic_without_reviews_says_so(studied: TestClient, database: Database, content: Path) -> None:
    (content / "small" / "second.md").write_text("---\ntitle: New\norder: 2\n---\n\n## Q {#new}\nA.\n")
    load(database, content, NOW, move_cards=move_cards)
    page = studied.get("/stats?topic=second&period=all").text
    for sentence in ("No ratings in this period.", "No recall yet", "None so far", "has been rated yet"):
        assert sentence in page


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/stats?period=week", 422, "period must be “30”, “90”, “year” or “all”, not “week”."),
        ("/stats?topic=frist", 404, "There is no topic called “frist” in small. The nearest is “first”."),
        ("/stats?deck=smal", 404, "The nearest is “small”."),
    ],
)
def test_a_bad_choice_is_named(client: TestClient, address: str, status: int, says: str) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert says in unescape(answer.text)


def test_htmx_gets_the_figures_alone_and_the_address_follows(studied: TestClient) -> None:
    answer = studied.get("/stats?deck=small&topic=&period=all", headers=PART)
    assert answer.text.lstrip().startswith('<section class="sheet">')
    assert "<form" not in answer.text
    assert answer.headers["HX-Replace-Url"] == "/stats?deck=small&topic=&period=all"


def test_another_learner_sees_their_own(studied: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().execute(
            text("INSERT INTO learner (id, name, types_answers, own_keys) VALUES (2, 'Second', false, '{}')")
        )
    studied.cookies.set("recur-learner", "2")
    assert "Nothing to show yet." in studied.get("/stats").text


def test_a_suspended_card_falls_due_on_no_day(studied: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().execute(
            text(
                "INSERT INTO card_mark (learner_id, card_id, is_suspended, is_flagged, note)"
                " SELECT 1, id, true, false, '' FROM card"
            )
        )
    page = studied.get("/stats").text
    assert "0 cards in 30 days; 5 suspended and not included." in page


def test_two_decks_are_two_statistics(
    studied: TestClient, database: Database, content: Path, settings: Settings
) -> None:
    (content / "other").mkdir()
    (content / "other" / "one.md").write_text("---\ntitle: One\norder: 1\n---\n\n## Q {#q}\nA.\n")
    load(database, content, NOW)
    with TestClient(create_app(settings, database, lambda: NOW), base_url="http://127.0.0.1:8000") as client:
        assert '<select name="deck">' in client.get("/stats?deck=small").text
        assert "Nothing to show yet." in client.get("/stats?deck=other").text


@given(st.lists(st.floats(0, 1e6), min_size=1))
@examples(100)
def test_an_axis_ends_above_every_bar_at_a_number_with_a_whole_half(values: list[float]) -> None:
    end = top(values)
    assert max(values) <= end <= max(2, 2.2 * max(values) + 2)
    assert end % 2 == 0
