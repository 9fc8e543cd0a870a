"""Opening a demo in a browser, on its own page or beneath a card."""

from playwright.sync_api import Page


def visit(page: Page, path: str) -> None:
    """Open a demo and wait until its scripts are at work; before that, the form's own answer is a whole page."""
    page.goto(path)
    page.wait_for_selector("html.live #knobs[data-htmx-powered]")


def stop_clock(page: Page) -> None:
    """From now on the page's time moves by `page.clock.run_for` alone, however long a test waits."""
    page.clock.install(time=0)
    page.clock.pause_at(1000)


def open_beneath_a_card(page: Page, card: str = "rnn/vanishing-why") -> None:
    """Study a card, by itself the one on vanishing gradients, show its answer, and open its first demo."""
    answer(page, card)
    page.keyboard.press("d")
    page.wait_for_selector("#demo-slot #knobs[data-htmx-powered]")


def answer(page: Page, card: str = "rnn/vanishing-why") -> None:
    """Study a card, and show its answer."""
    page.goto(f"/cards/{card}")
    page.get_by_role("link", name="Study this card now").click()
    page.wait_for_url("**/review?*")  # with its scripts, which know the keys
    page.get_by_role("button", name="Show the answer").click()
    page.locator("form.rating").wait_for()
