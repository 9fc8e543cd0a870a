"""/content, its previews, /sources, and the choice of a deck."""

import base64
import re
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape
from pydantic import SecretStr
from sqlmodel import select

from app.cards.load.load import load
from app.database import Database
from app.main import create_app
from app.models import Card, CardMark
from app.settings import ROOT, Settings
from tests.web.conftest import NOW

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def first(content: Path) -> Path:
    """The deck's one file."""
    return content / "small" / "first.md"


def test_every_file_with_its_cards_and_what_is_wrong_with_it(client: TestClient, content: Path, first: Path) -> None:
    first.write_text(first.read_text().replace("Answer 1.", "Answer <font>$1</font>.") + "\nTags: A\n")
    page = client.get("/content").text
    assert "3 mistakes to fix" in page
    assert f'href="vscode://file{first}:11"' in page
    assert "<code>11 | Answer &lt;font&gt;$1&lt;/font&gt;.</code>" in page
    for n in range(1, 6):
        assert f'<a href="/content/small/first?card=q{n}">Question {n}?</a>' in page
    assert "last loaded 2026-03-02 09:00:00 UTC" in page


def test_a_preview_is_the_card_as_it_will_look(client: TestClient, database: Database, content: Path, first: Path):
    first.write_text(
        first.read_text().replace(
            "The longer answer 2.", "Longer: $x^2$, **bold**, `code`.\n\nPoints:\n- It is $x^2$.\n- Two.\n- Three."
        )
    )
    before = client.get("/content/small/first?card=q2").text
    load(database, content, NOW)
    live = client.get("/cards/small/q2").text

    def answer(page: str) -> str:
        return page[page.index('<div class="answer"') : page.index("</article>")]

    assert answer(before) == answer(live)
    assert "<strong>bold</strong>" in answer(live)
    assert '<li dir="auto">It is <span class="glued"><math' in answer(live)
    assert '<h1 dir="auto">Question 2?</h1>' in before
    assert '<h1 dir="auto">Question 2?</h1>' in live


def test_a_preview_follows_the_file_and_names_what_is_broken(client: TestClient, first: Path) -> None:
    address = "/content/small/first?card=q3"
    whole = client.get(address).text
    seen = re.search(r'name="seen" value="(\w+)"', whole)
    assert seen
    same = client.get(f"{address}&seen={seen[1]}", headers=PART)
    assert (same.status_code, same.text) == (204, "")
    first.write_text(first.read_text().replace("Answer 3.", "Answer $3."))
    changed = client.get(f"{address}&seen={seen[1]}", headers=PART)
    assert changed.status_code == 200
    assert "<html" not in changed.text
    line = first.read_text().split("\n").index("Answer $3.") + 1
    assert f"small/first.md:{line}</a> this $ does not open" in changed.text
    assert '<h1 dir="auto">Question 3?</h1>' in changed.text
    elsewhere = client.get("/content/small/first?card=q4").text
    assert (
        elsewhere.index("1 mistake elsewhere in this file")
        < elsewhere.index("this $ does not open")
        < elsewhere.index("<h1 ")
    )
    assert "<html" in client.get(f"{address}&seen=x").text


def test_a_draft_shows_there_and_nowhere_else(client: TestClient, database: Database, content: Path, first: Path):
    first.write_text(first.read_text() + "## A secret? {#secret}\nStill unwritten.\n\nSource: s-1\nDraft: yes\n")
    (content / "sources.yaml").write_text(
        "documents:\n  - {key: s, title: The book, what: a book, items: {s-1: one, s-2: two}}\n"
    )
    assert not load(database, content, NOW).mistakes
    assert "Still unwritten." in client.get("/content/small/first?card=secret").text
    assert "A secret?" in client.get("/content").text
    for path in ("/", "/topics", "/topics/small/first", "/review", "/sources"):
        assert "secret" not in client.get(path).text.lower()
    assert client.get("/cards/small/secret").status_code == 404
    assert "<b>5 new cards</b>" in client.get("/").text


def test_without_a_card_the_topic_is_previewed(client: TestClient, first: Path) -> None:
    page = client.get("/content/small/first").text
    assert "An explanation with" in page
    assert "A point." in page
    gone = client.get("/content/small/first?card=q9").text
    assert re.search(r"This file has no card called\s+<span class=\"num\">q9</span>", gone)
    first.write_bytes(b"\xff\xfe")
    assert "save it as UTF-8" in client.get("/content/small/first").text


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/content/small/frist", "The nearest is small/first.md."),
        ("/content/%2e%2e/recur", "There is no content file"),
        ("/content/small/..%5c..%5crecur", "There is no content file"),
    ],
)
def test_only_content_files_are_shown(client: TestClient, path: str, says: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert says in answer.text


def test_edit_leads_to_a_code_host_where_it_is_told(settings: Settings, database: Database, content: Path) -> None:
    host = "https://example.org/cards/blob/main/content/{file}#L{line}"
    chosen = Settings(**settings.model_dump(exclude_unset=True), edit_url=host)
    load(database, content, NOW)
    client = TestClient(create_app(chosen, database, lambda: NOW), base_url="http://127.0.0.1:8000")
    for path in ("/content/small/first?card=q1", "/cards/small/q1", "/content"):
        expected = "L1" if path == "/content" else "L10"
        assert f'href="https://example.org/cards/blob/main/content/small/first.md#{expected}"' in client.get(path).text


@pytest.mark.parametrize("url", ["vscode://file{path}:{row}", "x{", "x{0}", "x{line.a}"])
def test_an_edit_address_that_cannot_be_filled_in_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="may hold"):
        Settings(edit_url=url)


def test_sources_lead_to_what_covers_each_item(client: TestClient, database: Database, content: Path, first: Path):
    (content / "sources.yaml").write_text(
        "documents:\n  - {key: s, title: The book, what: a book, items: {s-1: one, s-2: two, s-3: three}}\n"
    )
    text = first.read_text().replace("Level: easy", "Level: easy\nSource: s-2, s-1", 1)
    first.write_text(text.replace("with $x$.\n", "with $x$.\n\nSource: s-1\n"))
    assert not load(database, content, NOW).mistakes
    page = client.get("/sources").text
    assert "2 of 3 items are covered." in page
    of_one, of_two, of_three = (page[page.index(f'id="s-{n}"') :].split("</div>")[0] for n in (1, 2, 3))
    assert '<a class="topic" href="/topics/small/first">First topic</a>' in of_one
    assert '<a href="/cards/small/q1">Question 1?</a>' in of_one
    assert "/cards/small/q1" in of_two
    assert "/topics/" not in of_two
    assert "not covered" in of_three
    card = client.get("/cards/small/q1").text
    assert re.search(r'From\s+<a href="/sources#s-[12]">The book</a>, <a href="/sources#s-[12]">s-[12]</a>', card)


def test_a_broken_list_of_sources_is_named_and_breaks_no_page(
    client: TestClient, database: Database, content: Path, first: Path
) -> None:
    first.write_text(first.read_text().replace("Level: easy", "Level: easy\nSource: s-1", 1))
    (content / "sources.yaml").write_text("documents:\n  - {key: s, title: B, what: b, items: {s-1: one}}\n")
    load(database, content, NOW)
    (content / "sources.yaml").write_text("documents: 3\n")
    assert "has a mistake" in client.get("/sources").text
    assert '<a href="/sources#s-1">s-1</a>' in client.get("/cards/small/q1").text


def test_a_second_folder_is_a_second_deck_chosen_on_today(
    client: TestClient, database: Database, content: Path
) -> None:
    assert 'aria-label="Decks"' not in client.get("/").text
    (content / "algebra").mkdir()
    (content / "algebra" / "deck.yaml").write_text("title: Algebra\n")
    (content / "algebra" / "groups.md").write_text("---\ntitle: Groups\n---\n## A group? {#q1}\nA set and more.\n")
    assert not load(database, content, NOW).mistakes
    today = client.get("/").text
    assert '<b aria-current="page">Algebra</b>' in today
    assert '<a href="/?deck=small">small</a>' in today
    chosen = client.get("/?deck=small").text
    assert "<b>5 new cards</b>" in chosen
    assert '<a href="/?deck=algebra">Algebra</a>' in chosen
    assert 'href="/topics?deck=small"' in chosen  # the navigation keeps it
    assert 'href="/review?deck=small"' in chosen
    assert "Groups" in client.get("/topics?deck=algebra").text
    assert "A group?" in client.get("/review?deck=algebra").text
    assert "A set and more." in client.get("/cards/algebra/q1").text
    assert "Answer 1." in client.get("/cards/small/q1").text
    assert client.get("/cards/q1").status_code == 404  # two decks have it
    (content / "algebra" / "groups.md").unlink()
    load(database, content, NOW)
    assert "<b>5 new cards</b>" in client.get("/").text


def test_no_code_names_a_deck_of_ours() -> None:
    """In demos and kernels "rnn" is a kind of cell; no page, loader or template may know a deck by its name."""
    names = [folder.name for folder in (ROOT / "content").iterdir() if folder.is_dir()]
    files = [*(ROOT / "app").rglob("*.py"), *(ROOT / "templates").rglob("*.html"), *(ROOT / "static").glob("*.js")]
    rooms = [file for file in files if file.relative_to(ROOT).parts[:2] not in (("app", "demos"), ("app", "nn"))]
    assert names
    assert len(rooms) > 50
    named = [
        (str(f.relative_to(ROOT)), name)
        for f in rooms
        for name in names
        if re.search(rf"['\"/]{name}['\"/?.]", f.read_text())
    ]
    assert named == []


def test_drafts_are_for_those_who_write(database: Database, settings: Settings, content: Path) -> None:
    """A server that others reach keeps drafts, mistakes and its own paths to itself, unless it is told otherwise."""
    load(database, content, NOW)
    basic = {"authorization": "Basic " + base64.b64encode(b"me:long enough").decode()}
    public = {"host": "0.0.0.0", "password": SecretStr("long enough")}

    def client(**more: object) -> TestClient:
        app = create_app(settings.model_copy(update=public | more), database, lambda: NOW)
        return TestClient(app, base_url="http://127.0.0.1:8000", headers=basic)

    for address in ("/content", "/content/small/first", "/content/small/first?card=q1"):
        closed = client().get(address)
        assert closed.status_code == 403
        assert "RECUR_EDITING=true" in closed.text
        assert "Question" not in closed.text
        opened = client(editing=True).get(address)
        assert opened.status_code == 200
        assert str(content) not in opened.text
        assert client(host="127.0.0.1", editing=False).get(address).status_code == 403
    page = client().get("/cards/small/q1").text
    assert "small/first.md:" in page
    assert str(content) not in page
    assert 'href="/content"' not in page
    assert 'href="/content"' in client(editing=True).get("/cards/small/q1").text


def test_what_a_load_asked_is_shown_until_it_is_answered(client: TestClient, database: Database, first: Path) -> None:
    """A learner knows q1, and an author puts two cards with its answer in its place: either may be meant."""
    assert "open question" not in client.get("/content").text
    with database.write() as session:
        card = session.exec(select(Card).where(Card.name == "q1")).one()
        session.add(CardMark(learner_id=1, card_id=card.id, is_flagged=True))
    text = first.read_text()
    twice = re.sub(
        r"## Question 1\? \{#q1\}\n(.*?)(?=\n## )", r"## One? {#one}\n\1\n## Two? {#two}\n\1", text, flags=re.S
    )
    first.write_text(twice)
    content = first.parent.parent
    asked = load(database, content, NOW + timedelta(hours=1)).asked
    assert len(asked) == 2
    first.write_text(twice + "\n")
    assert load(database, content, NOW + timedelta(hours=2)).asked == ()  # said once
    page = client.get("/content").text
    assert "2 open questions" in page
    assert all(str(escape(sentence)) in page for sentence in asked)
    assert "Was: small/q1" in page
    first.write_text(re.sub(r"(\{#two\}.*?)(?=\n## )", r"\1\nWas: small/q1\n", twice, flags=re.S))
    assert load(database, content, NOW + timedelta(hours=3)).decided
    assert "open question" not in client.get("/content").text
    with database.read() as session:
        assert session.exec(select(Card.name).where(Card.id == card.id)).one() == "two"


def test_a_question_is_closed_when_the_new_card_has_a_history(client: TestClient, database: Database, first: Path):
    with database.write() as session:
        ids = dict(session.exec(select(Card.name, Card.id)).all())
        session.add(CardMark(learner_id=1, card_id=ids["q1"], is_flagged=True))
    other = first.parent.parent / "other" / "first.md"
    other.parent.mkdir()
    other.write_text("---\ntitle: Other\n---\n## Something else? {#q1}\nAnother answer.\n")
    first.write_text(re.sub(r"## Question 1\?.*?(?=## )", "", first.read_text(), flags=re.S))
    (asked,) = load(database, first.parent.parent, NOW + timedelta(hours=1)).asked
    assert "other/first.md:4: q1 may be small/q1" in asked
    assert "1 open question<" in client.get("/content").text
    with database.write() as session:
        new = session.exec(select(Card).where(Card.name == "q1", Card.id != ids["q1"])).one()
        session.add(CardMark(learner_id=1, card_id=new.id, is_flagged=True))
    assert "open question" not in client.get("/content").text


def test_an_older_card_with_the_same_answer_is_no_question(client: TestClient, database: Database, first: Path) -> None:
    with database.write() as session:
        session.add(
            CardMark(
                learner_id=1, card_id=session.exec(select(Card.id).where(Card.name == "q1")).one(), is_flagged=True
            )
        )
    text = first.read_text()
    answer = re.search(r"\{#q1\}\n(.*?)(?=\n## )", text, re.S)
    assert answer
    first.write_text(f"{text}\n## Copy? {{#copy}}\n{answer[1]}\n")
    content = first.parent.parent
    assert load(database, content, NOW + timedelta(hours=1)).added == 1
    first.write_text(re.sub(r"## Question 1\?.*?(?=## )", "", first.read_text(), flags=re.S))
    load(database, content, NOW + timedelta(hours=2))
    assert "open question" not in client.get("/content").text
