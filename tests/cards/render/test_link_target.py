"""What an address in a card leads to."""

import pytest

from app.cards.render.link_target import BadTargetError, Target, target


@pytest.mark.parametrize(
    ("href", "wanted"),
    [
        ("demo:line", Target("demo", "demo:line", "/demos/line", "line")),
        ("demo:line?x=2&y=3#double=4", Target("demo", "", "/demos/line?x=2&y=3", "line", "", "x=2&y=3", "double=4")),
        ("demo:line#a=1%25", Target("demo", "", "/demos/line", "line", numbers="a=1%")),
        ("paper:ada-1843", Target("paper", "", "/sources#paper-ada-1843", "ada-1843")),
        ("card:one", Target("card", "", "/cards/d/one", "one", "d")),
        ("card:e_2/one", Target("card", "", "/cards/e_2/one", "one", "e_2")),
        ("https://example.org/a?b#c", Target("web", "", "https://example.org/a?b#c")),
        ("b.md#part", Target("file", "", "/topics/d/b", "b.md")),
        ("../e/c%20d.md", Target("file", "", "/topics/e/c d", "../e/c d.md")),
        ("../../README.md", Target("file", "", None, "../../README.md")),
        ("deeper/b.md", Target("file", "", None, "deeper/b.md")),
    ],
)
def test_where_an_address_leads(href, wanted):
    found = target(href, "d")
    assert found.written == href
    assert [getattr(found, name) for name in ("kind", "address", "name", "deck", "query", "numbers")] == [
        getattr(wanted, name) for name in ("kind", "address", "name", "deck", "query", "numbers")
    ]


@pytest.mark.parametrize(
    "href",
    [
        *(
            "demo:Line",
            "demo:",
            "card:One",
            "card:e/f/one",
            "paper:",
            "paper:Ada",
            "https:///a",
            "http://[",
            "//example.org/a",
        ),
        *("javascript:f()", "/settings", "", "#part", "a\\b.md", "mailto:a@example.org"),
    ],
)
def test_what_cannot_be_a_link_is_refused(href):
    with pytest.raises(BadTargetError):
        target(href, "d")
