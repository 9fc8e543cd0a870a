"""The pages of people and classes in a real browser: accessible, whole on a phone, readable in every scheme."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import insert, select

from app.accounts.accounts import NewAccount, add, hash_if_good
from app.accounts.classes import add_class, add_instructor, change_class, invite
from app.accounts.evidence import take_part
from app.accounts.roles import Role
from app.settings import Settings
from app.study.classes.plans import ClassDay, set_day
from app.study.classes.quizzes import NewClassQuiz, add_quiz, begin, count_results, plan_for, quiz_of_class
from app.study.learner.preferences import preferences
from app.study.quiz.take import answer
from app.study.schedule.rate import Answer
from app.tables import ACCOUNT, CARD, CLASS_MEMBER, DECK
from tests.browser.conftest import Server, serving, watched
from tests.browser.test_accounts import PASSWORD
from tests.browser.test_every_page import looks_good

PAGES = {
    "nobody": {"sign in": "/sign-in", "join": "/join/{link}"},
    "admin": {"accounts": "/accounts", "a class, for an admin": "/classes/1", "classes": "/classes"},
    "ida": {
        "class": "/classes/1",
        "overview": "/classes/1/overview",
        "evidence": "/classes/1/evidence",
        "quizzes": "/classes/1/quizzes",
        "a quiz that is over": "/classes/1/quizzes/1",
        "a quiz to come": "/classes/1/quizzes/2",
    },
    "learner 1": {"today": "/", "account": "/account", "settings": "/settings", "join as oneself": "/join/{link}"},
}
HEATS = """() => {
  const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (colour) => {
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  return [...document.querySelectorAll('td[data-heat]')].map((cell) => {
    const style = getComputedStyle(cell);
    return [rgb(style.backgroundColor), rgb(style.color), cell.innerText];
  });
}"""
EVERY_HEAT = """() => {
  const row = document.querySelector('.heat-map tbody').insertRow();
  for (const heat of '0123456789') Object.assign(row.insertCell(), { textContent: `${heat} %` }).dataset.heat = heat;
}"""


@pytest.fixture(scope="module")
def school(loaded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, str]]:
    """A class of six, with a day, two quizzes and an overview; and the secret of a link into it."""
    path = tmp_path_factory.mktemp("school") / "recur.sqlite"
    shutil.copy(loaded_database, path)
    settings = Settings(database_url=f"sqlite:///{path}", watch=False, time_zone="Europe/Berlin", access="accounts")
    with serving(settings) as made:
        now, hashed = datetime.now(UTC), hash_if_good(PASSWORD, "x")
        with made.database.write() as session:
            connection = session.connection()
            names = ["Admin", "Ida", *(f"Learner {n}" for n in range(6))]
            roles = [Role.ADMIN, Role.INSTRUCTOR, *[Role.LEARNER] * 6]
            accounts = [
                add(session, NewAccount(name, role, None, hashed), Random(name), 99, now)
                for name, role in zip(names, roles, strict=True)
            ]
            its = add_class(session, "Spring", now)
            deck = connection.execute(select(DECK.c.id)).scalars().first() or 0
            change_class(session, its, "Spring", [deck])
            add_instructor(session, its, "Ida", now)
            earlier = now - timedelta(hours=2)
            for account in accounts[2:]:
                row = {"class_id": its, "account_id": account, "teaches": False, "joined_at": earlier}
                connection.execute(insert(CLASS_MEMBER).values(row))
                take_part(session, its, account, earlier)
            set_day(
                session, its, ClassDay("Final exam", now.date() + timedelta(days=20), frozenset({deck})), now.date()
            )
            cards = connection.execute(select(CARD.c.id).where(CARD.c.asks.is_(None)).order_by(CARD.c.place)).scalars()
            some = list(cards)[:4]
            for title, opens, closes in (("Gates", -2, 3), ("Tomorrow", 24, 30)):
                hours = [now + timedelta(hours=one) for one in (opens, closes)]
                add_quiz(session, its, NewClassQuiz(title, deck, some, *hours), now)
            link = invite(session, its, 7, 40, now)
        _take(made, settings, accounts[2:], some, now - timedelta(hours=1))
        with made.database.write() as session:
            quiz = quiz_of_class(session, its, 1)
            count_results(session, 1, quiz, quiz.closes_at + timedelta(hours=1))
        yield made, link.rsplit("/", 1)[1]


def _take(made: Server, settings: Settings, accounts: list[int], cards: list[int], now: datetime) -> None:
    """Let each take the first quiz; the last question is answered by four."""
    for number, account in enumerate(accounts):
        with made.database.write() as session:
            of = select(ACCOUNT.c.learner_id).where(ACCOUNT.c.id == account)
            learner = preferences(session, settings, session.connection().execute(of).scalar_one())
            name = begin(session, learner, 1, plan_for(session, learner, 1, now), now)
            for place, card in enumerate(cards[: 4 if number < 4 else 3]):
                given = Answer(card, 1 + (number + place) % 5, f"t{number}-{place}", 0, now, now)
                answer(session, learner, name, given, now)


def visit(chromium: Browser, school: tuple[Server, str], who: str) -> Iterator[Page]:
    server, _ = school
    with chromium.new_context(base_url=server.url, bypass_csp=True) as context:
        page, _ = watched(context, server)
        if who != "nobody":
            page.goto("/sign-in")
            page.get_by_label("Name").fill(who)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url("**/")
        yield page


@pytest.mark.parametrize("who", PAGES)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    chromium: Browser, school: tuple[Server, str], who: str
) -> None:
    for page in visit(chromium, school, who):
        for name, path in PAGES[who].items():
            answer = page.goto(path.format(link=school[1]), wait_until="networkidle")
            assert answer is not None
            assert answer.status == 200, name
            looks_good(page, name)


def luminance(rgb: list[int]) -> float:
    """Relative luminance by WCAG 2."""
    parts = [one / 255 for one in rgb]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark", "forced"])
def test_each_heat_is_told_apart_and_its_number_can_be_read(
    chromium: Browser, school: tuple[Server, str], scheme: str
) -> None:
    for page in visit(chromium, school, "ida"):
        page.emulate_media(
            color_scheme="dark" if scheme == "dark" else "light",
            forced_colors="active" if scheme == "forced" else "none",
        )
        page.goto("/classes/1/overview")
        assert page.locator("td[data-heat]").count() >= 3
        page.evaluate(EVERY_HEAT)
        cells = page.evaluate(HEATS)
        assert all("%" in text for *_, text in cells)
        made = cells[-10:]
        assert len({tuple(background) for background, *_ in made}) == 10
        for background, ink, _ in made:
            light, less = sorted((luminance(background), luminance(ink)), reverse=True)
            assert (light + 0.05) / (less + 0.05) >= 4.5, (background, ink)


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_shows_what_a_class_knows_whole(chromium: Browser, school: tuple[Server, str], width: int) -> None:
    for page in visit(chromium, school, "ida"):
        page.set_viewport_size({"width": width, "height": 740})
        page.goto("/classes/1/overview")
        boxes = page.locator(".scroll")
        assert boxes.evaluate_all("all => all.map(one => one.scrollWidth - one.clientWidth)") == [0]
