"""Macros of a deck and of a file reach every formula, at the next load after either file is saved."""

from datetime import UTC, datetime

from sqlmodel import select

from app.cards.check.check import check_content
from app.cards.check.preview import content_file
from app.cards.load.load import load
from app.cards.render.prepare import prepare
from app.exchange.exports.anki_package import mathjax
from app.exchange.exports.cards import collect
from app.models import Card

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
CARD = "---\ntitle: T\n---\n## Q {#q}\nA $\\Bias{p}{q}$\n"

REMEDY = ": commands of your own go under macros: in the front matter"


def test_a_saved_macro_reaches_the_cards(database, content, write, find_demo):
    def answer() -> str:
        with database.read() as session:
            return str(session.exec(select(Card)).one().short_html)

    def reload() -> list[str]:
        return [str(mistake) for mistake in load(database, content, NOW, find_demo).mistakes]

    write("d/a.md", CARD)
    assert reload() == ["d/a.md:5: in the formula $\\Bias{p}{q}$ (column 4): unknown command \\Bias" + REMEDY]
    write("d/deck.yaml", "title: D\nmacros:\n  Bias: D(#1 \\,\\|\\, #2)\n")
    assert reload() == []
    assert "<mi>D</mi>" in answer()
    write("d/deck.yaml", "title: D\nmacros:\n  Bias: K(#1 \\,\\|\\, #2)\n")
    assert reload() == []
    assert "<mi>K</mi>" in answer()
    write("d/a.md", CARD.replace("title: T", "title: T\nmacros:\n  Bias: M(#1, #2)"))
    assert reload() == []
    assert "<mi>M</mi>" in answer()
    write("d/deck.yaml", "title: D\nmacros:\n  Bias: \\foo\n")
    assert reload() == ["d/deck.yaml:3: the macro Bias: unknown command \\foo" + REMEDY]
    assert [str(one) for one in check_content(content, find_demo).mistakes] == reload()


def test_macros_are_written_out_in_exports_and_drawn_in_previews(content, write):
    write("d/deck.yaml", "title: D\nmacros:\n  Bias: D(#1 \\,\\|\\, #2)\n")
    write("d/a.md", CARD)
    ((card,),) = (deck.cards for deck in collect(content, "http://127.0.0.1:8000"))
    assert r"\(D(p \,\|\, q)\)" in mathjax(card.short_html)
    assert card.answer == r"A $\Bias{p}{q}$"
    opened = content_file(content, "d/a.md")
    assert opened is not None
    (ready,) = prepare(opened).cards
    assert ready.html is not None
    assert "<mi>D</mi>" in ready.html.short_html
