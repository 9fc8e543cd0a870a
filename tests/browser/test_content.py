"""The preview and the editor in a real browser: they follow each save, and a reload does without JavaScript."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.settings import ROOT, Settings
from tests.browser.conftest import Server, serving, watched

ADDRESS = "/content/rnn/vanishing-and-exploding-gradients?card=vanishing-why"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of a copy of the content, to be edited."""
    shutil.copytree(ROOT / "content", tmp_path / "content")
    return tmp_path / "content" / "rnn" / "vanishing-and-exploding-gradients.md"


@pytest.fixture
def authors_server(loaded_database: Path, tmp_path: Path, file: Path) -> Iterator[Server]:
    """Recur over that copy."""
    shutil.copy(loaded_database, tmp_path / "recur.sqlite")
    url = f"sqlite:///{tmp_path / 'recur.sqlite'}"
    with serving(Settings(database_url=url, content_dir=file.parent.parent, watch=False, port=0)) as made:
        yield made


def test_a_save_shows_without_a_reload(chromium: Browser, authors_server: Server, file: Path) -> None:
    with chromium.new_context(base_url=authors_server.url) as context:
        page, troubles = watched(context, authors_server)
        page.goto(ADDRESS)
        expect(page.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish in a plain RNN?")
        good = file.read_text()
        file.write_text(good.replace("in a plain RNN? {#vanishing-why}", "at all? {#vanishing-why}"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish at all?")
        file.write_text(good.replace("Going back $T$", "Going $back $T$", 1))
        expect(page.locator("#live .broken").first).to_contain_text("Going $back")
        file.write_text(good.replace("{#vanishing-why}", "{#another}"))
        expect(page.get_by_text("This file has no card called")).to_be_visible()
        file.write_text(good)
        expect(page.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish in a plain RNN?")
        expect(page.locator("#live .broken")).to_have_count(0)
        assert troubles == []


def test_nothing_is_swapped_while_nothing_is_saved_and_a_page_out_of_view_asks_nothing(
    chromium: Browser, authors_server: Server
) -> None:
    with chromium.new_context(base_url=authors_server.url) as context:
        page, troubles = watched(context, authors_server)
        asked: list[str] = []
        page.goto(ADDRESS)
        page.evaluate("document.querySelector('#live article').dataset.mine = 'kept'")
        with page.expect_response(lambda r: "seen=" in r.url) as answer:
            pass
        assert answer.value.status == 204
        assert page.locator("#live article").get_attribute("data-mine") == "kept"
        page.evaluate("Object.defineProperty(document, 'hidden', { value: true })")
        page.wait_for_timeout(300)  # an answer that is under way
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(2_500)
        assert asked == []
        assert troubles == []


def test_without_javascript_a_reload_shows_the_file(chromium: Browser, authors_server: Server, file: Path) -> None:
    with chromium.new_context(base_url=authors_server.url, java_script_enabled=False) as context:
        page, troubles = watched(context, authors_server)
        page.goto(ADDRESS)
        file.write_text(file.read_text().replace("in a plain RNN? {#vanishing-why}", "at all? {#vanishing-why}"))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish at all?")
        assert troubles == []


def test_from_the_list_to_a_card_and_its_sources(chromium: Browser, authors_server: Server) -> None:
    with chromium.new_context(base_url=authors_server.url) as context:
        page, troubles = watched(context, authors_server)
        page.goto("/content")
        page.locator("summary", has_text="vanishing-and-exploding-gradients.md").click()
        page.get_by_role("link", name="Why do gradients vanish in a plain RNN?").click()
        page.get_by_role("link", name="Theoretical interview questions").click()
        expect(page).to_have_url(f"{authors_server.url}/sources#theory-14")
        expect(page.locator("#theory-14")).to_be_in_viewport()
        page.locator("#theory-14").get_by_role("link", name="Why do gradients vanish in a plain RNN?").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish in a plain RNN?")
        assert troubles == []


def test_a_file_is_edited_beside_its_preview(chromium: Browser, authors_server: Server, file: Path) -> None:
    with chromium.new_context(base_url=authors_server.url) as context:
        page, troubles = watched(context, authors_server)
        page.goto(ADDRESS)
        page.get_by_role("link", name="Edit it here").click()
        text, live = page.locator("#text"), page.locator("#live")
        expect(live.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish in a plain RNN?")
        assert text.evaluate("e => e.value.slice(e.selectionStart).startsWith('## Why do gradients vanish')")
        expect(page.get_by_text("Not saved yet")).to_be_hidden()
        page.keyboard.press("End")
        page.keyboard.press("Enter")
        page.keyboard.type("A new $line.")
        expect(live.get_by_text("1 mistake in this card")).to_be_visible()
        expect(page.get_by_text("Not saved yet")).to_be_visible()
        assert "A new $line." not in file.read_text()
        text.evaluate("e => e.setSelectionRange(0, 0)")
        live.locator(".mistakes a").first.click()
        assert text.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)") == "A new $line."
        page.keyboard.type("A new line.")
        expect(live.get_by_text("mistake in this card")).to_have_count(0)
        page.keyboard.press("Control+s")
        expect(page.get_by_text("Saved.")).to_be_visible()
        assert "\nA new line.\n" in file.read_text()
        expect(live.get_by_role("heading", level=1)).to_have_text("Why do gradients vanish in a plain RNN?")
        page.go_back()
        assert troubles == []
