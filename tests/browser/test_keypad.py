"""The field for a computed answer: our own keys where fingers type, an ordinary field for everybody else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from app.ask.questions.registry import about
from tests.browser.conftest import Server, server_to_look_at, watched
from tests.browser.test_every_page import sideways, violations

server = server_to_look_at

NUMBER = "/demos/lstm-gates/predict?seed=3"
TAP = 44
IS_IN_VIEW = """(one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return one.contains(document.elementFromPoint(x + width / 2, y + height - 2));
}"""
FRACTION, POWER = "a/b, fraction bar", "×10ⁿ, power of ten"


@pytest.fixture
def phone(chromium: Browser, server: Server) -> Iterator[Page]:
    size: ViewportSize = {"width": 390, "height": 844}
    with chromium.new_context(viewport=size, has_touch=True, is_mobile=True, bypass_csp=True) as context:
        page, troubles = watched(context, server)
        yield page
        assert troubles == []


def press(page: Page, *names: str) -> str:
    """The field's text after these keys of the keypad, by their names."""
    for name in names:
        page.locator(".keypad").get_by_role("button", name=name, exact=True).tap()
    return page.input_value("#guess")


def test_every_form_of_a_number_can_be_typed_on_a_phone(phone: Page, server: Server) -> None:
    phone.goto(server.url + NUMBER)
    expect(phone.locator("#guess")).to_have_attribute("inputmode", "none")
    delete = ["delete"] * 9
    assert press(phone, "1", "point", "5", "change the sign") == "−1.5"
    assert press(phone, "change the sign") == "1.5"
    assert press(phone, *delete, "9", FRACTION, "2", "5") == "9/25"
    assert press(phone, *delete, "3", "6", "per cent") == "36 %"
    assert press(phone, "delete", "delete", "delete", "4", POWER, "change the sign", "2") == "4×10^−2"
    assert press(phone, "delete", "delete", "delete") == "4"
    assert phone.evaluate("document.activeElement.id") == "guess"


def test_the_caret_stays_where_it_was_put(phone: Page, server: Server) -> None:
    phone.goto(server.url + NUMBER)
    press(phone, "1", "2", "3")
    phone.evaluate("document.getElementById('guess').setSelectionRange(1, 2)")
    assert press(phone, "delete") == "13"
    assert press(phone, "point", "7") == "1.73"
    phone.evaluate("document.getElementById('guess').setSelectionRange(0, 4)")
    assert press(phone, "8") == "8"
    assert press(phone, *["0"] * 90) == "8" + "0" * 79


def test_what_the_keypad_typed_is_judged(phone: Page, server: Server) -> None:
    answer = about("lstm-gates").instance(3).task.answer
    assert isinstance(answer, float)
    phone.goto(server.url + NUMBER)
    press(phone, *("point" if key == "." else key for key in f"{abs(answer):.3f}"))
    if answer < 0:
        press(phone, "change the sign")
    phone.get_by_role("button", name="Check").tap()
    assert phone.locator("#judged").inner_text().startswith("✓ Right: it is")
    expect(phone.locator(".keypad")).to_be_hidden()  # it makes room for the judgement
    phone.tap("#guess")
    expect(phone.locator(".keypad")).to_be_visible()


def test_on_a_small_phone_a_press_on_the_field_brings_the_whole_keypad_into_view(phone: Page, server: Server) -> None:
    phone.set_viewport_size({"width": 375, "height": 553})
    for path in ("/review?topic=lstm-and-gru&computed=yes&mode=cram", "/practice?ask=lstm-from-sums"):
        phone.goto(server.url + path)
        assert phone.evaluate("scrollY") == 0  # the question is read first
        phone.locator(".typing input").tap()
        keys = phone.locator(".keypad button")
        assert all(keys.nth(at).evaluate(IS_IN_VIEW) for at in range(keys.count())), path
        assert phone.locator(".typing input").evaluate(IS_IN_VIEW), path


def test_the_phones_own_keyboard_is_a_press_away_and_stays(phone: Page, server: Server) -> None:
    phone.goto(server.url + NUMBER)
    phone.get_by_role("button", name="Keyboard").tap()
    expect(phone.locator(".keypad")).to_be_hidden()
    expect(phone.locator("#guess")).to_have_attribute("inputmode", "text")
    phone.reload()
    expect(phone.locator(".keypad")).to_be_hidden()
    phone.get_by_role("button", name="Keypad").tap()
    expect(phone.locator(".keypad")).to_be_visible()


def test_keys_are_large_enough_whole_and_accessible(phone: Page, server: Server) -> None:
    phone.goto(server.url + NUMBER)
    for button in phone.locator(".keypad button, .answering button").all():
        box = button.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= TAP, button.inner_text()
        assert box["x"] + box["width"] <= 390
    assert violations(phone) == []
    assert sideways(phone) == 0


def test_the_keypad_answers_to_a_keyboard_and_tells_what_the_field_holds(phone: Page, server: Server) -> None:
    phone.goto(server.url + NUMBER)
    for name in ("5", "change the sign"):
        phone.locator(".keypad").get_by_role("button", name=name, exact=True).focus()
        phone.keyboard.press("Enter")
        assert phone.evaluate("document.activeElement.closest('.keypad') !== null")
    assert phone.input_value("#guess") == "−5"
    expect(phone.locator("#announcer")).to_have_text("−5")
    assert "seed=3" in phone.url
    assert "guess" not in phone.url


def test_with_a_mouse_the_field_is_an_ordinary_one(page: Page) -> None:
    page.goto(NUMBER)
    expect(page.locator(".keypad")).to_be_hidden()
    expect(page.locator("[data-swaps]")).to_be_hidden()
    expect(page.locator("#guess")).to_be_focused()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    page.wait_for_selector("#judged")


def test_without_scripts_the_field_is_an_ordinary_one(plain_page: Page) -> None:
    plain_page.goto(NUMBER)
    expect(plain_page.locator(".keypad")).to_be_hidden()
    assert plain_page.get_attribute("#guess", "inputmode") is None
    plain_page.fill("#guess", "0.5")
    plain_page.get_by_role("button", name="Check").click()
    expect(plain_page.locator("#judged")).to_be_visible()
