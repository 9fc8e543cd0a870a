"""A card with a line `Ask:`, from its file to the pages, the check, the preview and the exports."""

import csv
import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlmodel import select

from app.ask.questions.registry import find
from app.cards.check.check import check_content
from app.cards.check.format import format_content
from app.cards.load.load import load
from app.database import Database
from app.exchange.exports.cards import collect
from app.exchange.exports.csv_and_json import write_csv, write_json
from app.exchange.imports.import_cards import import_cards
from app.models import Card
from tests.web.conftest import NOW

BESIDE = """
## What does **the forget gate** do? {#forget}
It scales the cell.

Level: easy
Ask: forget-bias
"""
ALONE = """
## How many parameters? {#count}

Ask: layer-shapes?layer=lstm
"""


def add(content: Path, text: str) -> None:
    file = content / "small" / "first.md"
    file.write_text(file.read_text() + text)


def asking(database: Database) -> dict[str, str | None]:
    """What each card asks, of those that are live, by name."""
    with database.read() as session:
        return {card.name: card.asks for card in session.exec(select(Card)) if card.retired_at is None}


def test_beside_a_written_answer_it_is_a_card_of_its_own(client: TestClient, database: Database, content: Path) -> None:
    add(content, BESIDE)
    assert not load(database, content, NOW).mistakes
    assert {name: asks for name, asks in asking(database).items() if name.startswith("forget")} == {
        "forget": None,
        "forget~computed": "forget-bias",
    }
    page = client.get("/cards/small/forget~computed").text
    assert f"Computed: {find('forget-bias').title}" in page
    assert page.count('<ol class="working') == 5
    assert "It scales the cell." in page
    assert "Computed:" not in client.get("/cards/small/forget").text
    assert "forget~computed" in client.get("/browse?q=Computed").text
    assert "#card-forget~computed" in client.get("/topics/small/first").text


def test_without_a_written_answer_the_card_itself_asks(client: TestClient, database: Database, content: Path) -> None:
    add(content, ALONE)
    assert not load(database, content, NOW).mistakes
    assert asking(database)["count"] == "layer-shapes?layer=lstm"
    page = client.get("/cards/small/count").text
    assert "How many parameters?" in page
    assert page.count('<ol class="working') == 5


def test_the_line_can_change_and_the_card_can_go_and_return(database: Database, content: Path) -> None:
    file = content / "small" / "first.md"
    before = file.read_text()
    add(content, BESIDE)
    load(database, content, NOW)
    file.write_text(file.read_text().replace("forget-bias", "min-gru-step"))
    assert load(database, content, NOW).added == 0
    assert asking(database)["forget~computed"] == "min-gru-step"
    file.write_text(file.read_text().replace("{#forget}", "{#keep}"))
    report = load(database, content, NOW)
    assert (report.added, report.renamed, report.retired) == (0, 2, 0)
    file.write_text(before + BESIDE.replace("{#forget}", "{#keep}").replace("Ask: forget-bias", ""))
    assert load(database, content, NOW).retired == 1
    file.write_text(before + BESIDE.replace("{#forget}", "{#keep}"))
    assert load(database, content, NOW).returned == 1


def test_an_id_is_written_for_a_card_without_an_answer(content: Path) -> None:
    add(content, "\n## How many parameters?\n\nAsk: layer-shapes\n")
    [(_path, _line, name)] = format_content(content).written
    assert name == "how-many-parameters"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("layer-shape", "Ask: There is no question 'layer-shape'. The nearest is layer-shapes."),
        ("layer-shapes?lair=LSTM", "Ask: layer-shapes has no 'lair' to fix, only "),
        ("layer-shapes?lair=LSTM", "Did you mean layer?"),
        ("layer-shapes?layer=lstn", "Ask: layer of layer-shapes is 'lstn', but must be one of"),
        ("layer-shapes?layer=lstm&layer=gru", "Ask: it fixes a parameter twice"),
        ("layer-shapes?layer", "Ask: write what it fixes as layer-shapes?parameter=value&parameter=value, not 'layer'"),
        ("forget-bias?twos=1", "different instances with twos = 1; wanted at least 50"),
        ("", "Ask: needs a question, as in layer-shapes?layer=lstm"),
    ],
)
def test_the_check_names_the_line_and_what_to_do(content: Path, line: str, says: str) -> None:
    add(content, f"\n## Asked? {{#asked}}\nSo.\n\nLevel: easy\nAsk: {line}\n")
    [mistake] = check_content(content).mistakes
    lines = (content / "small" / "first.md").read_text().splitlines()
    assert (mistake.path, lines[mistake.line - 1].strip()) == ("small/first.md", f"Ask: {line}".strip())
    assert says in mistake.message


def test_an_instructor_sees_why_a_question_cannot_be_asked(client: TestClient, content: Path) -> None:
    add(content, BESIDE.replace("forget-bias", "forget-bias?twos=1"))
    page = client.get("/content/small/first?card=forget~computed").text
    assert "Recur cannot ask" in page
    assert "wanted at least 50" in page


def test_a_preview_shows_five_instances_with_their_answers(client: TestClient, content: Path) -> None:
    add(content, BESIDE.replace("Level: easy", "Draft: yes"))
    page = client.get("/content/small/first?card=forget~computed").text
    shown = find("forget-bias").instances()[:5]
    assert page.count('<ol class="working') == 5
    for instance in shown:
        assert instance.task.givens[0].partition("$")[0][:20] in page


def test_exports_show_one_example(tmp_path: Path, content: Path) -> None:
    add(content, BESIDE + ALONE)
    decks = collect(content, "http://recur.example")
    write_json(tmp_path / "cards.json", decks)
    cards = {card["id"]: card for card in json.loads((tmp_path / "cards.json").read_text())["decks"][0]["cards"]}
    assert cards["count"]["asks"] == "layer-shapes?layer=lstm"
    assert "<ol>" in cards["count"]["answer_html"]
    assert "It scales the cell." in cards["forget~computed"]["answer_html"]
    write_csv(tmp_path / "cards.csv", decks)
    with (tmp_path / "cards.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows["forget"]["asks"] == "forget-bias"
    assert rows["count"]["asks"] == "layer-shapes?layer=lstm"


@pytest.mark.parametrize("ending", ["csv", "md"])
def test_computed_cards_come_back(tmp_path: Path, content: Path, ending: str) -> None:
    add(content, BESIDE + ALONE)
    source = content / "small" / "first.md"
    if ending == "csv":
        source = tmp_path / "cards.csv"
        write_csv(source, collect(content, "http://recur.example", "small"))
    (tmp_path / "empty").mkdir()
    _kind, done = import_cards(source, tmp_path / "empty", "e")
    text = done.files[0].read_text()
    assert "## How many parameters? {#count}\n\nAsk: layer-shapes?layer=lstm\n" in text
    assert "Level: easy\nAsk: forget-bias\n" in text
    assert done.drafts == 0
