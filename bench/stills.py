"""python -m bench.stills: takes the pictures of README's first screen from the app as it is, on a phone's screen."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from app.cards.load.load import load
from app.database import Database
from app.settings import ROOT, Settings
from tests.browser.conftest import CHROMIUM_ARGS, chromium_path, serving, study_for_weeks

FOLDER = ROOT / "docs"


def card(page: Page) -> None:
    """A card with its answer and the five buttons."""
    page.goto("/review?deck=rnn&cards=vanishing-why&mode=cram")
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_role("button", name="4 Well").wait_for()


def topics(page: Page) -> None:
    """The path of topics, after some weeks."""
    page.goto("/topics")


def demo(page: Page) -> None:
    """A demo with its figure."""
    page.goto("/demos/unrolled-rnn")


def run() -> None:
    """Write one PNG for each of the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{Path(folder) / 'recur.sqlite'}", watch=False, port=0)
        database = Database(settings.database_url)
        database.migrate()
        load(database, ROOT / "content", datetime.now(UTC))
        database.close()
        with serving(settings) as server, sync_playwright() as playwright:
            study_for_weeks(server.database, server.clock())
            browser = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
            page = browser.new_page(
                base_url=server.url, viewport={"width": 390, "height": 720}, device_scale_factor=1.5, has_touch=True
            )
            for shown in (card, topics, demo):
                shown(page)
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(500)  # the fade of what has just appeared
                page.screenshot(path=FOLDER / f"{shown.__name__}.png")
            browser.close()


if __name__ == "__main__":
    run()
