"""Two states of a demo beside each other: one address, both captions, and what differs by name."""

import html
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from app.cards.file.blocks import curly
from app.database import Database
from app.demos.machine.numbers import words
from app.demos.registry import all_demos, find
from app.main import create_app
from app.settings import Settings

DEMOS = sorted(all_demos())
PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def client(settings: Settings, database: Database) -> Iterator[TestClient]:
    with TestClient(create_app(settings, database), base_url="http://127.0.0.1:8000") as client:
        yield client


def link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)">{words}<', page)
    assert found, words
    return html.unescape(found[1])


@pytest.mark.parametrize("name", DEMOS)
def test_both_states_are_shown_with_their_captions_and_what_differs(client: TestClient, name: str) -> None:
    demo = find(name)
    one, other = demo.parse({}), demo.changed(demo.try_this[0].change)
    page = client.get(f"/demos/{name}?{demo.query(one)}&compare={quote(demo.query(other), safe='')}").text
    captions = [re.sub(r"<[^>]+>", "", caption) for caption in re.findall(r"<figcaption.*?</figcaption>", page, re.S)]
    figures = [*demo.compute(one).figures, *demo.compute(other).figures]
    assert len(captions) == len(figures)
    for caption, figure in zip(captions, figures, strict=True):
        if "$" not in figure.caption:
            assert html.unescape(caption) == words(curly(figure.caption))
    table = page.partition('id="differing"')[2].partition("</table>")[0]
    here, there = demo.texts(one), demo.texts(other)
    rows = re.findall(r"<td>(.*?)</td><td>(.*?)</td>", table)
    assert [tuple(map(html.unescape, row)) for row in rows] == [
        (here[field.name], there[field.name]) for field in demo.fields if here[field.name] != there[field.name]
    ]
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(set(ids) - {"tip"}) == sorted(one for one in ids if one != "tip")


def test_a_comparison_begins_with_a_link_swaps_and_ends(client: TestClient) -> None:
    page = client.get("/demos/gradient-flow?gain=0.8").text
    pinned = client.get(link(page, "Compare with this"))
    assert "Both states are the same so far" in pinned.text
    assert re.search(r'name="compare" value="[^"]*gain=0.8', pinned.text)
    moved = client.get("/demos/gradient-flow", params={"gain": "1.2", "compare": "gain=0.8"}).text
    assert "<td>1.2</td><td>0.8</td>" in moved
    assert "<td>0.8</td><td>1.2</td>" in client.get(link(moved, "Swap the two")).text
    assert "Side by side" not in client.get(link(moved, "End the comparison")).text
    assert client.get(link(moved, "Link to this state")).text.count("<figcaption") == 4


def test_htmx_gets_both_and_an_address_that_leads_back(client: TestClient) -> None:
    asked = {"W_h": "0.5", "step": "2", "at": "z1,4", "compare": "W_h=0.9"}
    response = client.get("/demos/unrolled-rnn", params=asked, headers=PART)
    address = response.headers["HX-Replace-Url"]
    assert response.text.startswith('<div class="state"')
    assert response.text.count('aria-current="true"') == 2  # the same number in both
    assert response.text.strip() in client.get(address).text


def test_a_state_that_cannot_be_compared_with_is_named(client: TestClient) -> None:
    response = client.get("/demos/gradient-flow", params={"compare": "gain=99"})
    assert response.status_code == 422
    assert "gain is “99”, but must be a number from 0 to 50." in html.unescape(response.text)


def test_an_empty_comparison_is_none(client: TestClient) -> None:
    assert "Side by side" not in client.get("/demos/gradient-flow?compare=").text


def test_a_demo_opens_beneath_a_card_as_a_part_that_leaves_the_address_alone(client: TestClient) -> None:
    part = client.get("/demos/gradient-flow/beneath?gain=0.8&from=/review%3Fcard%3D3", headers=PART)
    assert "<html" not in part.text
    assert 'id="knobs"' in part.text
    assert 'name="gain" value="0.8"' in part.text
    assert "from=/review%3Fcard%3D3" in part.text
    here = {"HX-Current-URL": "http://127.0.0.1:8000/review?card=3"}
    assert "HX-Replace-Url" not in client.get("/demos/gradient-flow?gain=0.7", headers=PART | here).headers
    here = {"HX-Current-URL": "http://127.0.0.1:8000/demos/gradient-flow?gain=1"}
    assert "HX-Replace-Url" in client.get("/demos/gradient-flow?gain=0.7", headers=PART | here).headers


@pytest.mark.parametrize(
    ("said", "leads"),
    [
        ("/review?deck=rnn&card=3&shown_at=2026", True),
        ("/cards/rnn/vanishing-why", True),
        ("/review", True),
        ("//evil.example/review", False),
        ("https://evil.example/review", False),
        ("/review\\evil", False),
        ("/content", False),
        ("javascript:alert(1)", False),
        ("/review?" + "x" * 600, False),
    ],
)
def test_one_goes_back_to_a_card_and_nowhere_else(client: TestClient, said: str, leads: bool) -> None:
    page = client.get("/demos/gradient-flow", params={"from": said}).text
    assert ("Back to the card" in page) == leads
    if leads:
        assert f'class="back" href="{html.escape(said)}"' in page
    before = client.get("/demos/gradient-flow", headers={"Referer": f"http://127.0.0.1:8000{said}"}).text
    assert ("Back to the card" in before) == (leads and said.startswith("/"))
    foreign = client.get("/demos/gradient-flow", headers={"Referer": "http://evil.example/review"}).text
    assert "Back to the card" not in foreign
