"""/topics: the course as a path of cards, and for each topic Preview, Explain, Key points, Review."""

import re
from collections.abc import Sequence

from sqlmodel import col, select
from starlette.responses import Response

from app.ask.questions.registry import topics_asked
from app.cards.render.maths import plain
from app.models import Card
from app.study.sitting.today import SECONDS_A_CARD, by_topic
from app.web.frame.decks import deck_named, topic_named
from app.web.frame.here import Here

WORDS_A_MINUTE = 200
"""How fast people read a text that explains."""
_FIRST_SENTENCE = re.compile(r".+?[.?!](?=\s|$)", re.DOTALL)
_FIRST_PARAGRAPH = re.compile(r"<p[^>]*>(.*?)</p>", re.DOTALL)
_CARD_ALONE = re.compile(r'<p[^>]*><a href="/cards/([^/"]+)/([^/"]+)" class="card-link">(?:(?!</a>).)*</a></p>')


def topics(here: Here, deck: str | None = None) -> Response:
    """List every topic, in learning order."""
    with here.reading() as session:
        chosen = deck_named(session, deck)
        rows = by_topic(session, here.learner(session), here.now, chosen.id)
        return here.page(
            "topics/list.html",
            deck=chosen,
            topics=rows,
            first_sentence=first_sentence,
            seconds_to_read=seconds_to_read,
            has_drill=any(row.topic.name in topics_asked() for row in rows),
        )


def topic(here: Here, deck: str, name: str) -> Response:
    """Show the four steps of a topic."""
    with here.reading() as session:
        chosen, found = topic_named(session, deck, name)
        cards = session.exec(
            select(Card).where(Card.topic_id == found.id, col(Card.retired_at).is_(None)).order_by(Card.place)
        ).all()
        rows = by_topic(session, here.learner(session), here.now, chosen.id)
        place = next(i for i, row in enumerate(rows) if row.topic.id == found.id)
        pieces = with_cards(found.explanation_html, chosen.name, cards)
        return here.page(
            "topics/topic.html",
            deck=chosen,
            topic=found,
            cards=cards,
            pieces=pieces,
            other_cards=[card for card in cards if card not in pieces],
            seconds=seconds_to_read(found.explanation_html + found.key_points_html) + SECONDS_A_CARD * len(cards),
            state=rows[place],
            has_drill=found.name in topics_asked(),
            before=rows[place - 1].topic if place else None,
            after=rows[place + 1].topic if place + 1 < len(rows) else None,
        )


def with_cards(explanation: str, deck: str, cards: Sequence[Card]) -> list[str | Card]:
    """The explanation's HTML in pieces, with the topic's own cards where a paragraph is only a link to one."""
    by_name = {card.name: card for card in cards}
    pieces: list[str | Card] = []
    begin = 0
    for found in _CARD_ALONE.finditer(explanation):
        if found[1] == deck and (card := by_name.pop(found[2], None)):
            pieces += [explanation[begin : found.start()], card]
            begin = found.end()
    return [piece for piece in (*pieces, explanation[begin:]) if not isinstance(piece, str) or piece.strip()]


def first_sentence(html: str) -> str:
    """The first sentence of the first paragraph, without markup; empty if there is no paragraph."""
    paragraph = _FIRST_PARAGRAPH.search(html)
    words = plain(paragraph[1]) if paragraph else ""
    found = _FIRST_SENTENCE.match(words)
    return found[0] if found else words


def seconds_to_read(html: str) -> float:
    """How long it takes to read a text."""
    return 60 * len(plain(html).split()) / WORDS_A_MINUTE
