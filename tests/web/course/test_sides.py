"""Cards with sides, from a file to pages, histories and exports: each side is a card of its own."""

from pathlib import Path

from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from tests.web.conftest import NOW
from tests.web.sitting.test_review import rating_form

SIDED = """
## What does **the forget gate** do? {#forget}
It scales the cell.

More about $f_t$.

Reversed: yes

## The cell's update {#update}
$c_t = {{c1::f_t}} \\odot c_{t-1} + i_t \\odot g_t$: what is kept, ==plus what is written==.
"""


def test_each_side_is_a_card_with_a_page_and_a_history(client: TestClient, database: Database, content: Path) -> None:
    file = content / "small" / "first.md"
    file.write_text(file.read_text() + SIDED)
    report = load(database, content, NOW)
    assert not report.mistakes
    back = client.get("/cards/small/forget~reversed").text
    assert '<h1 dir="auto">It scales the cell.</h1>' in back
    assert "<strong>the forget gate</strong> do?" in back
    assert "More about" in back
    hidden = client.get("/cards/small/update~c2").text
    assert "what is kept, […]" in hidden
    assert "<strong>plus what is written</strong>" in hidden
    assert client.get("/cards/small/update~c1").status_code == 200
    assert client.get("/cards/small/update").status_code == 404
    with database.read() as session:
        connection = session.connection()
        ids = {name: row for name, row in connection.exec_driver_sql("SELECT name, id FROM card")}  # noqa: C416
    assert client.post("/review", data=rating_form(client, of=ids["forget"])).status_code == 200
    assert client.post("/review", data=rating_form(client, of=ids["update~c1"])).status_code == 200
    history = client.get("/settings/history.jsonl").content
    assert b'"update~c1"' in history
    again = client.post("/settings/history", files={"file": ("history.jsonl", history)})
    assert "0 reviews added, 2 already here" in again.text


def test_an_author_sees_the_sides_and_cannot_write_their_names(client: TestClient, content: Path) -> None:
    file = content / "small" / "first.md"
    file.write_text(file.read_text() + SIDED.replace("{#forget}", "{#forget~reversed}"))
    page = client.get("/content").text
    assert "the id {#forget~reversed} is malformed" in page
    assert "?card=update~c1" in page
