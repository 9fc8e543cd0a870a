"""Settings and learners in a real browser: what is chosen is what is seen, and the keys are those that were set."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from app.models import Learner, Review
from tests.browser.conftest import Server, watched
from tests.browser.test_every_page import sideways, violations


def save(page: Page, **choices: str) -> None:
    """Choose by the fields' names, and save."""
    page.goto("/settings")
    for name, value in choices.items():
        field = page.locator(f"#set-{name.replace('key_', 'key-')}")
        if field.evaluate("e => e.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()


def look(page: Page) -> tuple[str, str, str]:
    """The computed background, ink and text size."""
    found: list[str] = page.evaluate("(s => [s.backgroundColor, s.color, s.fontSize])(getComputedStyle(document.body))")
    return found[0], found[1], found[2]


LIGHT = ("rgb(251, 250, 246)", "rgb(27, 31, 36)", "16px")
DARK = ("rgb(20, 23, 26)", "rgb(232, 230, 225)", "16px")


def test_theme_and_text_size_change_what_is_computed(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    assert look(page) == LIGHT
    save(page, theme="dark")
    assert look(page) == DARK
    page.emulate_media(color_scheme="dark")
    save(page, theme="light")
    page.goto("/demos/gradient-flow")
    assert look(page) == LIGHT
    save(page, theme="")
    assert look(page) == DARK
    for size, pixels in (("110", "17.6px"), ("125", "20px"), ("150", "24px"), ("175", "28px"), ("200", "32px")):
        save(page, text_size=size)
        assert look(page)[2] == pixels
    page.set_viewport_size({"width": 640, "height": 740})
    for path in ("/settings", "/learners", "/learners/1/delete", "/", "/review"):
        page.goto(path)
        assert look(page)[2] == "32px"
        assert sideways(page) == 0, path
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/settings", "/learners", "/learners/1/delete"):
        page.goto(path)
        assert sideways(page) == 0, path
    save(page, text_size="")
    assert look(page) == DARK


def test_a_changed_key_works_and_shows_and_the_old_one_is_gone(page: Page, server: Server) -> None:
    save(page, key_undo="z", **{"key_go-on": "j", "key_rate-4": "r", "key_help": ""})
    page.goto("/review")
    expect(page.locator(".reveal kbd")).to_have_text("j")
    page.keyboard.press("Space")
    page.keyboard.press("j")
    well = page.get_by_role("button", name=re.compile(r"^4\s*Well"))
    expect(well).to_be_visible()
    expect(well.locator("kbd")).to_have_text("r")
    page.keyboard.press("4")
    page.keyboard.press("r")
    expect(page.locator(".rated")).to_contain_text("4 · Well")
    expect(page.locator(".reveal kbd")).to_have_text("j")  # in what was swapped in, too
    expect(page.locator(".sitting [data-key^=u] kbd")).to_have_text("z")
    page.keyboard.press("u")
    page.keyboard.press("z")
    expect(page.locator(".told")).to_contain_text("Undone")
    with server.database.read() as session:
        assert list(session.exec(select(Review.rating).order_by(Review.id))) == [4, None]  # type: ignore[arg-type]
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 0
    button = page.get_by_role("button", name="Keys")
    expect(button.locator("kbd")).to_be_hidden()
    button.click()
    dialog = page.locator("#keys")
    expect(dialog.locator("dt").first).to_have_text("j Enter")
    expect(dialog.locator("dt").nth(1)).to_have_text("1")
    expect(dialog.locator("dt").nth(4)).to_have_text("r")
    expect(dialog.locator("dt").nth(6)).to_have_text("z Ctrl Z")
    expect(dialog.locator("dt").last).to_have_text("off")


def test_keys_change_places_and_go_off_at_one_press(page: Page) -> None:
    save(page, key_undo="e", key_edit="u")
    page.goto("/review")
    page.keyboard.press("Space")
    page.keyboard.press("3")
    expect(page.locator(".sitting [data-key^=u] kbd")).to_have_text("e")
    page.goto("/settings")
    page.get_by_role("button", name="Save with all keys off").click()
    expect(page.locator("#set-key-undo")).to_have_value("")
    page.goto("/review")
    expect(page.locator(".reveal kbd")).to_be_hidden()
    page.locator("main").focus()
    for key in ("Space", "Enter", "u", "?"):
        page.keyboard.press(key)
    assert page.locator("dialog[open]").count() == 0
    expect(page.locator(".reveal")).to_be_visible()
    page.goto("/settings")
    page.get_by_role("button", name="Save with the default keys").click()
    expect(page.locator("#set-key-undo")).to_have_value("u")


def test_a_demo_plays_and_pauses_by_its_changed_key(page: Page) -> None:
    save(page, key_play="k")
    page.goto("/demos/unrolled-rnn")
    player = page.locator(".player button")
    expect(player.locator("kbd")).to_have_text("k")
    page.keyboard.press("k")
    expect(player).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("k")
    expect(player).to_have_attribute("aria-pressed", "false")


def test_two_actions_on_a_key_are_refused_beside_the_field(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url) as context:
        page, _the_status_is_logged = watched(context, server)
        page.goto("/settings")
        page.locator("#set-key-undo").fill("e")
        page.locator("#set-new_per_day").fill("7")
        with page.expect_response("**/settings") as answered:
            page.keyboard.press("Enter")
        assert answered.value.status == 422
        expect(page.locator("#set-key-undo")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#wrong-key-undo")).to_have_text("“e” is already the key for “edit the card’s file”.")
        page.get_by_role("alert").get_by_role("link").click()
        expect(page.locator("#set-key-undo")).to_be_focused()
        expect(page.locator("#set-new_per_day")).to_have_value("7")


def test_settings_work_by_keyboard_alone(page: Page, server: Server) -> None:
    page.goto("/settings")
    page.locator("#set-name").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("Ada")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "set-types_answers":
            break
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "set-say_within":
            break
    page.keyboard.type("45")
    page.keyboard.press("Enter")
    page.wait_for_url("**/settings?saved=1")
    with server.database.read() as session:
        ada = session.get_one(Learner, 1)
    assert (ada.name, ada.types_answers, ada.say_within) == ("Ada", True, 45)


def test_without_script_settings_and_learners_work(plain_page: Page, server: Server) -> None:
    page = plain_page
    save(page, new_per_day="3", theme="dark")
    assert look(page) == DARK
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("3 new")
    page.goto("/learners")
    page.get_by_label("Name").last.fill("Eve")
    page.get_by_role("button", name="Add and switch").click()
    page.wait_for_url("**/settings")
    page.goto("/")
    expect(page.locator(".lead")).to_contain_text("20 new")
    page.get_by_role("link", name="Learner: Eve").click()
    page.get_by_role("button", name="Study as You").click()
    expect(page.locator(".lead")).to_contain_text("3 new")
    page.goto("/learners")
    eve = page.locator("li", has_text="Eve")
    eve.locator("summary").click()
    eve.get_by_role("link", name="Delete Eve …").click()
    page.get_by_label("To be sure, type the name: Eve").fill("Eve")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("status").filter(has_text="Everything was deleted.")).to_be_visible()
    with server.database.read() as session:
        assert list(session.exec(select(Learner.name))) == ["You"]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_history_goes_out_and_in_through_the_browser(chromium: Browser, server: Server, script: bool) -> None:
    with chromium.new_context(base_url=server.url, java_script_enabled=script) as context:
        page, troubles = watched(context, server)
        page.goto("/review")
        page.get_by_role("button", name="Show the answer").click()
        page.get_by_role("button", name=re.compile(r"^4\s*Well")).click()
        page.goto("/settings")
        with page.expect_download() as downloading:
            page.get_by_role("link", name="Download my history").click()
        history = downloading.value
        assert re.fullmatch(r"recur-history-\d{4}-\d\d-\d\d\.jsonl", history.suggested_filename)
        page.goto("/learners/1/delete")
        page.get_by_label("To be sure").fill("You")
        with page.expect_navigation():
            page.get_by_role("button", name="Delete everything").click()
        page.goto("/settings")
        page.get_by_label("Import history").set_input_files(history.path())
        page.get_by_role("button", name="Import", exact=True).click()
        expect(page.locator("main")).to_contain_text("1 review added, 0 already here.")
        page.get_by_role("link", name="Back to the settings").click()
        expect(page.locator("main")).to_contain_text("1 rating of 1 card")
        assert troubles == []


def test_the_forms_are_accessible_with_their_mistakes(chromium: Browser, server: Server) -> None:
    with chromium.new_context(base_url=server.url, bypass_csp=True) as context:
        page, _ = watched(context, server)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for path, press in (
                ("/settings", "Save"),
                ("/learners", "Add and switch"),
                ("/learners/1/delete", "Delete everything"),
            ):
                page.goto(path)
                page.evaluate("document.querySelectorAll('form').forEach((form) => { form.noValidate = true })")
                if path == "/settings":
                    page.locator("#set-time_zone").fill("Europe/Berln")
                    page.locator("#set-key-undo").fill("e")
                page.get_by_role("button", name=press, exact=True).click()
                expect(page.locator("[aria-invalid=true]").first).to_be_visible()
                page.set_viewport_size({"width": 360, "height": 740})
                assert violations(page) == [], (path, scheme)
                assert sideways(page) == 0
                page.set_viewport_size({"width": 1280, "height": 900})
