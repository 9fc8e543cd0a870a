"""Pictures on pages: their addresses change with them, and their answers let nothing run."""

import re
from urllib.parse import unquote

from fastapi.testclient import TestClient

from app.cards.load.load import load
from app.database import Database
from app.settings import Settings
from tests.cards.file.test_pictures import SVG, png
from tests.web.conftest import NOW

CARD = """---
title: Pictures
---
The topic shows ![a box](img/box.svg) too.

## What is ![a network](<img/a net.png>)? {#what}
A network.

![A tone](tone.mp3)

![The states](demo:unrolled-rnn?units=2)
"""


def show(settings: Settings, database: Database, text: str = CARD) -> None:
    deck = settings.content_dir / "small"
    (deck / "img").mkdir(exist_ok=True)
    (deck / "img" / "a net.png").write_bytes(png(40, 30))
    (deck / "img" / "box.svg").write_text(SVG.format("<rect/>"))
    (deck / "tone.mp3").write_bytes(b"ID3" + bytes(200))
    (deck / "pictures.md").write_text(text)
    assert not load(database, settings.content_dir, NOW).mistakes


def sources(page: str) -> list[str]:
    return re.findall(r'<(?:img|audio)[^>]* src="([^"]*)"', page)


def test_a_card_shows_pictures_and_plays_sounds(client: TestClient, settings: Settings, database: Database) -> None:
    show(settings, database)
    page = client.get("/cards/small/what").text
    assert re.search(
        r'<img src="/pictures/\w+/small/img/a%20net.png" alt="a network" width="40" height="30" loading="lazy">', page
    )
    assert re.search(r'<audio controls="" preload="none" src="/pictures/\w+/small/tone.mp3" aria-label="A tone">', page)
    kinds = []
    for source in sources(page):
        answer = client.get(source)
        assert answer.content == (settings.content_dir / unquote(source).split("/", 3)[3]).read_bytes()
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        kinds.append(answer.headers["content-type"])
    assert set(kinds) == {"image/png", "audio/mpeg"}
    part = client.get(sources(page)[1], headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, b"ID3")


def test_an_svg_runs_nothing_even_if_it_is_opened(client: TestClient, settings: Settings, database: Database) -> None:
    show(settings, database)
    [source] = {one for one in sources(client.get("/topics/small/pictures").text) if one.endswith(".svg")}
    answer = client.get(source)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_a_changed_picture_has_another_address(client: TestClient, settings: Settings, database: Database) -> None:
    show(settings, database)
    before = sources(client.get("/cards/small/what").text)
    (settings.content_dir / "small" / "img" / "a net.png").write_bytes(png(41, 30))
    report = load(database, settings.content_dir, NOW)
    assert (report.changed, report.mistakes) == (1, ())
    after = sources(client.get("/cards/small/what").text)
    assert (before[0] != after[0], before[1:] == after[1:]) == (True, True)
    stale = client.get(before[0])
    assert (stale.status_code, stale.headers["cache-control"]) == (200, "no-store")
    assert load(database, settings.content_dir, NOW).changed == 0


def test_a_card_stays_while_its_picture_is_missing(client: TestClient, settings: Settings, database: Database) -> None:
    show(settings, database)
    before = client.get("/cards/small/what").text
    picture = settings.content_dir / "small" / "img" / "a net.png"
    picture.unlink()
    [mistake] = load(database, settings.content_dir, NOW).mistakes
    assert (mistake.path, mistake.line) == ("small/pictures.md", 6)
    assert sources(client.get("/cards/small/what").text) == sources(before)
    assert client.get(sources(before)[0]).status_code == 404
    picture.write_bytes(png(40, 30))
    assert not load(database, settings.content_dir, NOW).mistakes


def test_the_figure_of_a_demo_is_drawn_without_its_form(
    client: TestClient, settings: Settings, database: Database
) -> None:
    show(settings, database)
    page = client.get("/cards/small/what").text
    [figure] = re.findall(
        r'<figure class="demo-figure diagram" aria-label="The loop and its copies">.*?</figure>', page, re.DOTALL
    )
    assert '<svg viewBox="' in figure
    assert 'href="/demos/unrolled-rnn?units=2"' in figure
    assert "The states</a>" in figure
    assert '<span class="unseen">The state of unit 1 is highest' in figure  # who does not see it hears its caption
    assert not re.search("<button|<input|<form|<script", figure)


def test_a_demo_that_learns_is_linked_only(client: TestClient, settings: Settings, database: Database) -> None:
    (settings.content_dir / "small" / "late.md").write_text(
        "---\ntitle: Late\n---\n## Q {#late}\nA.\n\n![It learns](demo:long-memory)\n"
    )
    [mistake] = load(database, settings.content_dir, NOW).mistakes
    assert mistake.line == 7
    assert "learns" in mistake.message
