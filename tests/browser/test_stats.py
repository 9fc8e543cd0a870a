"""Statistics in a browser: a choice swaps the figures and the address; without a script a button does."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Server, study_for_weeks


def test_a_choice_swaps_the_figures_and_can_be_reloaded(page: Page, server: Server) -> None:
    study_for_weeks(server.database, server.clock())
    page.goto("/stats")
    expect(page.get_by_role("status").first).to_contain_text("60 reviews on 20 days")
    period = page.locator("select[name=period]")
    period.focus()
    period.select_option("all time")
    expect(page).to_have_url(f"{server.url}/stats?deck=rnn&topic=&period=all")
    expect(page.get_by_role("img", name="Reviews each day")).to_be_visible()
    expect(period).to_be_focused()
    page.locator("#activity ~ figure").get_by_text("As a table").click()
    expect(page.get_by_role("group", name="Reviews and minutes, a table").get_by_role("row").nth(20)).to_be_visible()
    page.locator("select[name=topic]").select_option(index=1)
    expect(page.locator("#figures .lead")).not_to_contain_text("60 reviews")
    told = page.locator("#figures .lead").inner_text()
    page.reload()
    assert page.locator("#figures .lead").inner_text() == told
    expect(page.locator("select[name=period]")).to_have_value("all")


def test_the_keyboard_reaches_the_table_of_days_and_the_hardest_cards(page: Page, server: Server) -> None:
    study_for_weeks(server.database, server.clock())
    page.goto("/stats?period=year")
    days = page.locator("summary", has_text="The days as a table")
    days.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("group", name="The past year, a table").get_by_role("row")).to_have_count(1 + 20)
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="The past year, a table")).to_be_focused()
    hardest = page.get_by_role("group", name="The hardest cards, a table").get_by_role("link").first
    hardest.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your history with this card")).to_be_visible()


def test_without_a_script_a_button_chooses(plain_page: Page, server: Server) -> None:
    study_for_weeks(server.database, server.clock())
    plain_page.goto("/stats")
    plain_page.locator("select[name=period]").select_option("all time")
    plain_page.get_by_role("button", name="Show").click()
    plain_page.locator("#activity ~ figure").get_by_text("As a table").click()
    table = plain_page.get_by_role("group", name="Reviews and minutes, a table")
    expect(table.get_by_role("row").nth(20)).to_be_visible()
    expect(plain_page.get_by_role("img", name="Reviews each day")).to_be_visible()
