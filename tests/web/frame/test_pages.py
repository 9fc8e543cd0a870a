"""The pages around the review: today, topics, cards, content, errors."""

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from jinja2 import StrictUndefined

from app.cards.load.load import load
from app.database import Database
from app.settings import ROOT, Settings
from app.study.learner.keys import ACTIONS
from app.web.frame.dates import a_date, how_long, plural
from app.web.frame.maths_fonts import characters
from app.web.frame.pages import environment
from tests.web.conftest import NOW


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/", "<b>5 new cards</b>"),
        ("/?deck=small", "First topic"),
        ("/topics", "First topic"),
        ("/topics/small/first", "Key points"),
        ("/cards/small/q1", "The longer answer 1."),
        ("/cards/q1", "The longer answer 1."),
        ("/content", "small/first.md"),
        ("/readyz", "ready"),
    ],
)
def test_a_page_answers(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert says in answer.text


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/nowhere", "There is no page at /nowhere."),
        ("/?deck=smal", "There is no deck called “smal”. The nearest is “small”."),
        ("/topics/small/frist", "The nearest is “first”."),
        ("/cards/small/q11", "The nearest is “q1"),
        ("/cards/nothing-like-it", "No deck has a card called"),
        ("/review?topic=frist", "The nearest is “first”."),
        ("/topics/small/<script>", "&lt;script&gt;"),
    ],
)
def test_what_is_not_there_is_a_page_that_names_the_nearest(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert says in answer.text
    assert re.search('<a class="button( plain)?" href="/">', answer.text)


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/cards/small/q1x", "/cards/small/q1"),
        ("/topics/small/frist", "/topics/small/first"),
        ("/stats?topic=frist&period=30", "/stats?topic=first&period=30"),
        ("/demos/atention/predict?seed=3", "/demos/attention/predict?seed=3"),
        ("/quiz/nothing", None),
    ],
)
def test_a_link_leads_to_the_nearest(client: TestClient, path: str, leads: str | None) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    found = re.search(r'<a class="button" href="([^"]+)">Open ', answer.text)
    assert (found and unescape(found[1])) == leads
    assert leads is None or client.get(leads).status_code == 200


def test_no_two_maths_fonts_share_a_character() -> None:
    """A browser that gives up waiting for one would fetch the other, and move the page when it comes."""
    css = (ROOT / "static/maths.css").read_text()
    assert {*characters(css)} == {"maths.woff2", "maths-alphabets.woff2", "maths-rest.woff2"}
    assert characters(css) == characters("\n".join(reversed(css.splitlines())))


def test_an_empty_database_says_what_to_do(elsewhere: Database, settings: Settings) -> None:
    from app.main import create_app

    bare = TestClient(create_app(settings, elsewhere), base_url="http://127.0.0.1:8000")
    assert "recur load" in bare.get("/").text
    settings_page = bare.get("/settings")
    assert settings_page.status_code == 200
    assert 'name="new_per_day"' in settings_page.text, "a setting needs no cards"
    assert bare.get("/readyz").status_code == 503


def test_a_mistake_is_named_and_the_last_good_version_stays(
    client: TestClient, database: Database, content: Path
) -> None:
    file = content / "small" / "first.md"
    file.write_text(file.read_text().replace("Answer 1.", "Answer $1."))
    load(database, content, NOW)
    page = client.get("/content").text
    assert "small/first.md:11" in page
    assert "Answer 1." in client.get("/cards/small/q1").text


def test_the_list_of_keys_has_every_action(client: TestClient) -> None:
    dialog = client.get("/").text.split('<dialog id="keys"')[1].split("</dialog>")[0]
    listed = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", dialog)
    assert len(listed) == len(ACTIONS)
    for (keys, does), action in zip(listed, ACTIONS, strict=True):
        assert re.findall("<kbd>(.*?)</kbd>", keys)[0] == action.key
        assert unescape(does).startswith(action.does)
    assert "<kbd>u</kbd> <kbd>Ctrl Z</kbd>" in listed[6][0]


def test_every_template_is_strict_and_parses() -> None:
    made = environment("v")
    made.filters |= dict.fromkeys(("with_figures", "first_miniature"), str)  # create_app adds them
    assert made.undefined is StrictUndefined
    for path in (ROOT / "templates").rglob("*.html"):
        made.get_template(path.relative_to(ROOT / "templates").as_posix())


def test_static_files_are_versioned_and_kept_for_a_year(client: TestClient) -> None:
    page = client.get("/").text
    address = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = client.get(address)
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"{address.rpartition('/')[0]}/../app/main.py").status_code == 404
    assert client.get("/static/000000000000/recur.css").status_code == 404


def test_words() -> None:
    day = NOW.date()
    assert [plural(n, "card") for n in (0, 1, 1234)] == ["0 cards", "1 card", "1 234 cards"]
    spans = [how_long(seconds) for seconds in (5, 60, 600, 3600, 4200)]
    assert spans == ["less than a minute", "1 minute", "10 minutes", "1 hour", "1 hour 10 minutes"]
    assert [a_date(day.replace(day=d), day) for d in (1, 2, 3, 6, 29)] == [
        "yesterday", "today", "tomorrow", "Friday", "29 March",
    ]  # fmt: skip
    assert a_date(day.replace(year=2028), day) == "2 March 2028"
    assert a_date(NOW, day) == f"today, {NOW:%H:%M}"


def test_learners_read_dates_in_words_and_a_per_cent_sign_stays_with_its_number() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        written = path.read_text()
        assert "%Y-%m-%d" not in written or path.name == "files.html", path  # an author compares times to the second
        assert not re.search(r"\}\} %(?!\})", written), path
