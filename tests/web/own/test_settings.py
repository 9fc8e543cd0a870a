"""/settings: what it says, what it keeps, and how it gives a form back."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from app.database import Database
from app.models import Learner
from app.study.learner.keys import ACTIONS
from app.tables import LEARNER

GOOD = {
    "name": "Ada",
    "time_zone": "Asia/Tokyo",
    "day_starts_at": "0",
    "new_per_day": "7",
    "desired_retention": "85",
    "types_answers": "on",
    "of_four": "on",
    "says_sure": "on",
    "hides_hints": "on",
    "say_within": "60",
    "theme": "dark",
    "text_size": "150",
    "key-undo": "z",
    "key-edit": "",
}


def learner(database: Database, number: int = 1) -> Learner:
    with database.read() as session:
        return session.get_one(Learner, number)


def field(page: str, name: str) -> str:
    """The tag of a field."""
    found = re.search(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', page)
    assert found, name
    return found[0]


def test_every_setting_says_what_it_does_and_what_the_server_has(client: TestClient) -> None:
    page = client.get("/settings").text
    fields = re.findall(r'<(?:input|select) [^>]*id="set-([\w-]+)"', page)
    assert set(fields) == {*GOOD, *(f"key-{action.name}" for action in ACTIONS)}
    for name in fields:
        assert f'for="set-{name}"' in page
    for name in GOOD:
        if not name.startswith("key-"):
            sentence = page.split(f'id="says-{name}">')[1].split("</small>")[0]
            assert sentence.rstrip().endswith("."), name
    assert "Empty: this server’s default, Europe/Berlin." in page
    assert "Empty: this server’s default, 20." in page
    assert re.search(r"90\s% \(yours\)</th><td>30 days", page)
    assert re.search(r"70\s%</th><td>279 days", page)  # 30 / (0.9^(-1/0.1542) - 1) * (0.7^(-1/0.1542) - 1)
    assert "at most 10 MB" in page


def test_what_is_saved_holds_everywhere(client: TestClient, database: Database) -> None:
    answer = client.post("/settings", data=GOOD, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings?saved=1")
    kept = learner(database)
    assert kept.model_dump() == {
        "id": 1,
        "name": "Ada",
        "time_zone": "Asia/Tokyo",
        "day_starts_at": 0,
        "new_per_day": 7,
        "desired_retention": 0.85,
        "types_answers": True,
        "of_four": True,
        "says_sure": True,
        "hides_hints": True,
        "say_within": 60,
        "theme": "dark",
        "text_size": 150,
        "own_keys": {"undo": "z", "edit": ""},
        "importing": None,
        "seed": kept.seed,
        "key": kept.key,
        "leaves_at": None,
    }
    page = client.get("/settings?saved=1").text
    assert "Saved." in page
    assert '<html lang="en" data-theme="dark" data-text="150">' in page
    assert 'data-keys="{&#34;e&#34;: &#34;&#34;, &#34;u&#34;: &#34;z&#34;}"' in page
    assert "18:00 now, and the day is 2 March 2026" in page  # 9:00 UTC in Tokyo
    for name, text in GOOD.items():
        if name not in ("types_answers", "of_four", "says_sure", "hides_hints", "theme", "text_size"):
            assert f'value="{text}"' in field(page, name)
    assert "checked" in field(page, "types_answers")
    assert "checked" in field(page, "says_sure")
    assert "<option selected>dark</option>" in page
    assert '<option value="150" selected>' in page
    assert "Up to 7 new cards a day." in client.get("/").text
    everything_open = dict.fromkeys(GOOD, "") | {"name": "Ada", "all_keys": "usual"}
    client.post("/settings", data=everything_open | {"types_answers": ""})
    assert learner(database).model_dump() == Learner(id=1, name="Ada", seed=kept.seed, key=kept.key).model_dump()
    assert "Up to 20 new cards a day." in client.get("/").text


def test_a_bad_value_gives_the_form_back_as_it_was_typed(client: TestClient, database: Database) -> None:
    typed = GOOD | {"time_zone": "Europe/Berln", "new_per_day": '"><script>', "key-undo": "two", "say_within": "1"}
    answer = client.post("/settings", data=typed)
    assert answer.status_code == 422
    page = answer.text
    assert "Not saved: please correct 4 fields." in page
    for name, says in (
        ("time_zone", "Did you mean Europe/Berlin?"),
        ("new_per_day", "from 0 to 9999"),
        ("key-undo", "“two” is not a single key"),
        ("say_within", "from 5 to 300"),
    ):
        assert 'aria-invalid="true"' in field(page, name)
        assert f"wrong-{name}" in field(page, name)
        assert says in page.split(f'id="wrong-{name}">')[1].split("</p>")[0]
        assert f'href="#set-{name}"' in page
    assert 'value="Europe/Berln"' in field(page, "time_zone")
    assert "<script>" not in page.split("<main")[1]
    assert 'value="60"' not in field(page, "say_within")
    assert 'value="Ada"' in field(page, "name")
    assert "checked" in field(page, "types_answers")
    assert "checked" in field(page, "says_sure")
    assert "aria-invalid" not in field(page, "day_starts_at")
    kept = learner(database)
    assert kept == Learner(id=1, name="You", seed=kept.seed, key=kept.key)


def test_all_keys_go_off_and_on_again_at_one_press(client: TestClient, database: Database) -> None:
    client.post("/settings", data={"name": "You", "all_keys": "off"})
    assert learner(database).own_keys == {action.name: "" for action in ACTIONS}
    client.post("/settings", data={"name": "You", "all_keys": "usual"})
    assert learner(database).own_keys == {}


def test_a_retention_of_ones_own_stands_in_the_table(client: TestClient, database: Database) -> None:
    with database.write() as session:
        session.connection().execute(update(LEARNER).values(desired_retention=0.925))
    page = client.get("/settings").text
    assert re.search(r"92.5\s% \(yours\)</th><td>20 days", page)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=1", b"name=&name=&&&=", b"name=" + b"x" * 10_000])
def test_a_strange_body_is_a_form_like_any_other(client: TestClient, body: bytes) -> None:
    answer = client.post("/settings", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422
    assert "name" in answer.text


@pytest.mark.parametrize("path", ["/topics", "/quiz", "/demos/unrolled-rnn?W_x=0.7", "//elsewhere.example/"])
def test_explanations_are_hidden_for_good_from_where_they_are_read(client: TestClient, path: str) -> None:
    is_ours = not path.startswith("//")
    assert not is_ours or 'action="/settings/hints"' in client.get(path).text
    referer = {"referer": f"http://127.0.0.1:8000{path}"}
    answer = client.post("/settings/hints", headers=referer, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == (path if is_ours else "/elsewhere.example/")
    assert not is_ours or "/settings/hints" not in client.get(path).text
    assert "checked" in field(client.get("/settings").text, "hides_hints")


def test_hidden_explanations_lead_to_no_other_host(client: TestClient) -> None:
    answer = client.post("/settings/hints", headers={"referer": "http://elsewhere.example/x"}, follow_redirects=False)
    assert answer.headers["location"] == "/"
