"""Without a net, in a real browser: the sitting goes on, and every rating counts once."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update

from app.database import Database
from app.study.learners import add_learner
from app.tables import CARD, LEARNER, REVIEW
from tests.browser.conftest import Server, ask_written_cards
from tests.browser.flaky import Net, net_to
from tests.eventually import eventually
from tests.examples import share_of

PHONE = {"width": 390, "height": 844}
WAITING = """() => new Promise((done) => {
  const asked = indexedDB.open("recur");
  asked.onsuccess = () => {
    const rows = asked.result.transaction("waiting").objectStore("waiting").getAll();
    rows.onsuccess = () => { asked.result.close(); done(rows.result.map((row) => row.event)); };
  };
})"""
IS_KEPT = "async () => Boolean(await caches.match('/kept')) && Boolean((await navigator.serviceWorker.ready).active)"


@pytest.fixture
def net(server: Server) -> Iterator[Net]:
    with net_to(server.url) as made:
        yield made


@pytest.fixture
def phone(chromium: Browser, net: Net) -> Iterator[BrowserContext]:
    with chromium.new_context(base_url=net.url, viewport=PHONE, service_workers="allow") as context:  # type: ignore[arg-type]
        yield context


@pytest.fixture
def kept(phone: BrowserContext) -> Page:
    return keeping(phone)


def keeping(phone: BrowserContext) -> Page:
    """A page that has kept today's cards."""
    page = phone.new_page()
    page.set_default_timeout(15_000)
    page.goto("/")
    eventually(lambda: bool(page.evaluate(IS_KEPT)))
    return page


def stored(database: Database) -> list[tuple[str, int | None]]:
    """The tokens and ratings of the first learner."""
    with database.read() as session:
        rows = session.connection().execute(select(REVIEW.c.token, REVIEW.c.rating).order_by(REVIEW.c.id))
        return [(row[0], row[1]) for row in rows]


def rate(page: Page, rating: int) -> str:
    """Reveal and rate the card that is shown, and wait for what comes after; the token of the form."""
    page.wait_for_selector("#asking")
    page.evaluate("document.getElementById('asking').requestSubmit()")
    token = page.locator("form.rating [name=token]").get_attribute("value") or ""
    page.keyboard.press(str(rating))
    page.wait_for_function("token => document.querySelector('form.rating [name=token]')?.value !== token", arg=token)
    return token


def all_sent(page: Page) -> None:
    eventually(lambda: page.evaluate(WAITING) == [])


def off() -> str:
    return "off"


def ok() -> str:
    return "ok"


def test_a_sitting_goes_on_without_a_net_and_its_ratings_are_sent_when_it_is_back(
    kept: Page, net: Net, server: Server
) -> None:
    kept.goto("/review")
    tokens = [rate(kept, 4)]
    net.fate = off
    tokens += [rate(kept, rating) for rating in (4, 1, 5)]
    expect(kept.locator(".bar .told")).to_contain_text("provisional")
    assert [token for token, _rating in stored(server.database)] == tokens[:1]
    kept.reload()  # the worker answers with the cards that are kept
    tokens += [rate(kept, 3)]
    assert [event["token"] for event in kept.evaluate(WAITING)] == tokens[1:]
    net.fate = ok
    all_sent(kept)
    assert stored(server.database) == list(zip(tokens, (4, 4, 1, 5, 3), strict=True))
    rate(kept, 4)  # and the page is the server's again
    rate(kept, 4)
    expect(kept.locator(".bar .told")).not_to_contain_text("provisional")


def test_an_undo_without_a_net_is_sent_too(kept: Page, net: Net, server: Server) -> None:
    net.fate = off
    kept.goto("/review")
    question = kept.locator("h1:has(~ .bar #asking)").inner_text()
    token = rate(kept, 2)
    kept.keyboard.press("u")
    expect(kept.locator("h1")).to_have_text(question)
    net.fate = ok
    all_sent(kept)
    assert [rating for _token, rating in stored(server.database)] == [2, None]
    assert stored(server.database)[0][0] == token


def test_ticked_points_wait_with_the_rating(phone: BrowserContext, net: Net, server: Server) -> None:
    with server.database.write() as session:
        session.connection().execute(update(CARD).values(points=[["One.", "One."], ["Two.", "Two."], ["Three.", ""]]))
    ask_written_cards(server.database)
    kept = keeping(phone)
    net.fate = off
    kept.goto("/review")
    kept.locator("#asking button").click()
    kept.get_by_text("Points of a good answer").click()
    kept.get_by_role("checkbox").nth(1).check()
    rating = kept.locator("form.rating button").nth(3)
    rating.click()
    rating.wait_for(state="detached")
    net.fate = ok
    all_sent(kept)
    with server.database.read() as session:
        found = session.connection().execute(select(REVIEW.c.points)).scalar_one()
    assert found == '[["One.", false], ["Two.", true], ["Three.", false]]'


def rated_without_a_net(kept: Page, net: Net) -> tuple[str, str]:
    """Rate the first card, and wait until the page has tried to send in vain: its question, and the rating's token."""
    net.fate = off
    kept.goto("/review")
    question = kept.locator("h1:has(~ .bar #asking)").inner_text()
    token = rate(kept, 4)
    kept.evaluate("() => navigator.locks.request('recur-sends', () => null)")
    return question, token


def check_it_goes_on(kept: Page, server: Server, question: str, token: str) -> None:
    """The page asks another question than the one that was rated, and each rating counts once."""
    expect(kept.locator("h1")).not_to_have_text(question)
    expect(kept.locator(".bar .told")).not_to_contain_text("provisional")
    tokens = [token, rate(kept, 4)]
    assert stored(server.database) == [(token, 4) for token in tokens]


def test_a_page_that_opens_before_the_ratings_are_sent_asks_no_card_that_was_rated(
    kept: Page, net: Net, server: Server
) -> None:
    question, token = rated_without_a_net(kept, net)
    net.fate = ok
    kept.goto("/review", wait_until="networkidle")
    check_it_goes_on(kept, server, question, token)


def test_a_page_drawn_just_before_the_ratings_arrive_asks_no_card_that_was_rated(
    kept: Page, net: Net, server: Server
) -> None:
    question, token = rated_without_a_net(kept, net)
    fates = iter(["late"])
    net.fate = lambda: next(fates, "ok")
    with kept.expect_navigation():  # the old page sends while the new one is under way
        kept.evaluate("location.assign('/review'), setTimeout(() => dispatchEvent(new Event('online')), 100)")
    check_it_goes_on(kept, server, question, token)


def test_a_second_press_while_the_first_rating_is_sent_is_dropped(kept: Page, net: Net, server: Server) -> None:
    net.fate = off
    kept.goto("/review")
    tokens = [rate(kept, 4)]
    net.fate = ok
    kept.evaluate("dispatchEvent(new Event('online'))")  # the device learns that the net is back
    all_sent(kept)
    net.fate = lambda: "slow"
    kept.evaluate("document.getElementById('asking').requestSubmit()")
    tokens += [kept.locator("form.rating [name=token]").get_attribute("value") or ""]
    kept.keyboard.press("1")
    kept.wait_for_timeout(100)  # the answer takes longer
    kept.keyboard.press("5")
    expect(kept.locator("form.rating")).to_have_count(0)
    all_sent(kept)
    assert stored(server.database) == list(zip(tokens, (4, 1), strict=True))
    kept.goto("/")
    expect(kept.locator("#offline")).to_have_count(0)


@pytest.mark.parametrize("form", [("/settings", "#set-name", "Save"), ("/learners", "#new-name", "Add and switch")])
@pytest.mark.parametrize("worker", ["allow", "block"])
@pytest.mark.parametrize("fate", ["offline", "off", "away"])
def test_a_form_stays_with_what_was_typed_until_the_server_answers(
    chromium: Browser, net: Net, worker: str, fate: str, form: tuple[str, str, str]
) -> None:
    """Without a net, with the server down, or with a proxy that says so; with and without the worker."""
    path, field, button = form
    with chromium.new_context(base_url=net.url, viewport=PHONE, service_workers=worker) as context:  # type: ignore[arg-type]
        page = keeping(context) if worker == "allow" else context.new_page()
        page.goto(path)
        page.fill(field, "Ada")
        context.set_offline(fate == "offline")
        net.fate = lambda: "ok" if fate == "offline" else fate
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator("#trouble")).to_contain_text("The server could not be reached, so nothing was sent.")
        assert page.input_value(field) == "Ada"
        context.set_offline(False)
        net.fate = ok
        with page.expect_navigation():
            page.get_by_role("button", name=button, exact=True).click()
        page.goto("/settings")
        assert page.input_value("#set-name") == "Ada"


@pytest.mark.parametrize("fate", ["offline", "off", "away"])
def test_a_form_goes_to_what_is_kept_for_it(kept: Page, net: Net, fate: str) -> None:
    kept.goto("/")
    kept.context.set_offline(fate == "offline")
    net.fate = lambda: "off" if fate == "offline" else fate
    kept.locator("#choose > summary").click()
    kept.locator("#choose").get_by_role("button", name="Start").click()
    expect(kept.locator(".bar .told")).to_contain_text("No connection")
    expect(kept.locator("#asking")).to_be_visible()


def test_another_page_says_in_words_that_there_is_no_connection(kept: Page, net: Net) -> None:
    net.fate = off
    kept.goto("/stats")
    expect(kept.locator("h1")).to_have_text("No connection")
    kept.get_by_role("link", name="Review today’s cards").click()
    expect(kept.locator("#asking")).to_be_visible()


def test_ratings_wait_for_their_own_learner_and_the_cards_of_another_are_gone(
    kept: Page, net: Net, server: Server
) -> None:
    _question, token = rated_without_a_net(kept, net)
    with server.database.write() as session:
        ada = add_learner(session, "Ada", random.Random(1))
    kept.context.add_cookies([{"name": "recur-learner", "value": str(ada), "url": net.url}])
    net.fate = ok
    kept.goto("/")
    eventually(lambda: f"recur-kept-{ada}" in kept.evaluate("caches.keys()"))
    assert "recur-kept-1" not in kept.evaluate("caches.keys()")
    assert [event["token"] for event in kept.evaluate(WAITING)] == [token]
    assert stored(server.database) == []
    kept.context.add_cookies([{"name": "recur-learner", "value": "1", "url": net.url}])
    kept.goto("/")
    all_sent(kept)
    assert stored(server.database) == [(token, 4)]


def test_what_the_server_refuses_is_told_until_it_was_read(kept: Page, net: Net, server: Server) -> None:
    net.fate = off
    kept.goto("/review")
    rate(kept, 4)
    kept.evaluate(
        # not while the page is sending what it has read before
        """() => navigator.locks.request("recur-sends", () => new Promise((done) => {
          const asked = indexedDB.open("recur"); asked.onsuccess = () => {
          const work = asked.result.transaction("waiting", "readwrite"), store = work.objectStore("waiting");
          store.getAll().onsuccess = (event) => { const row = event.target.result[0];
            row.event.rated_at = "2020-01-01T00:00:00Z"; store.put(row); };
          work.oncomplete = () => { asked.result.close(); done(); }; }; }))"""
    )
    net.fate = ok
    all_sent(kept)
    kept.goto("/")
    expect(kept.locator("#offline")).to_contain_text("It is older than 30 days.")
    kept.get_by_role("button", name="I have read this").click()
    kept.reload()
    expect(kept.locator("#offline")).to_have_count(0)
    assert stored(server.database) == []


@pytest.mark.proof
@pytest.mark.slow
def test_every_rating_counts_once_under_a_network_that_fails_at_random(
    phone: BrowserContext, net: Net, server: Server
) -> None:
    """Oracle: the tokens of the forms that were pressed, beside the reviews that the server has at the end."""
    ask_written_cards(server.database)
    with server.database.write() as session:
        session.connection().execute(update(LEARNER).values(new_per_day=200))  # enough cards for the longest run
    kept = keeping(phone)
    chance = random.Random(5)
    state = {"fate": "ok"}
    net.fate = lambda: state["fate"] if state["fate"] != "mixed" else chance.choice(["ok", "off", "slow", "cut"])
    kept.goto("/review")
    pressed: list[tuple[str, int]] = []
    for number in range(share_of(25)):
        if number % 3 == 0:
            state["fate"] = chance.choice(["ok", "off", "slow", "cut", "mixed", "mixed"])
        if kept.get_by_text("No more cards are kept here").count():
            state["fate"] = "ok"
            kept.goto("/review", wait_until="networkidle")  # what waits is sent first
        rating = chance.choice([1, 1, 1, 2, 2, 4]) if number % 5 else 1
        pressed.append((rate(kept, rating), rating))
    state["fate"] = "ok"
    kept.goto("/")
    all_sent(kept)
    found = stored(server.database)
    assert sorted(found) == sorted(pressed), (len(found), len(pressed))
