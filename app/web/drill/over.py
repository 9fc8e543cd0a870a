"""The end of a drill: the score by kind, and the slips with the demos and the cards about them."""

from collections import Counter
from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select
from starlette.responses import Response

from app.ask.drill import Drill
from app.ask.questions.registry import find
from app.demos.registry import all_demos
from app.models import Card, CardDemo, Deck
from app.web.drill.choose import title_of, titles_of_topics
from app.web.frame.here import Context

CARDS_OF_A_SLIP = 2


def over(here: Context, drill: Drill, links: Mapping[str, str], *, is_late: bool) -> Response:
    """What came of a drill. `links` lead to a new one, to one of what was missed, and on with this one."""
    slips = Counter((one.instance.question.name, one.slip) for one in drill.answered if one.slip)
    with here.reading() as session:
        titles = titles_of_topics(session)
        cards = _cards_about(session, {find(name).demo for name, _ in slips})
    return here.page(
        "drill/over.html",
        part="drill",
        drill=drill,
        scores=[(score, title_of(score.question.topic, titles)) for score in drill.by_kind],
        slips=[(find(name), says, times) for (name, says), times in slips.most_common()],
        demos=all_demos(),
        cards=cards,
        titles=titles,
        links=links,
        is_late=is_late,
    )


def _cards_about(session: Session, demos: Collection[str]) -> Mapping[str, list[tuple[str, Card]]]:
    """The first (deck, card) that link to each demo, in learning order."""
    linked = (
        select(CardDemo.demo, Deck.name, Card)
        .join(Card, col(Card.id) == CardDemo.card_id)
        .join(Deck, col(Deck.id) == Card.deck_id)
        .where(col(CardDemo.demo).in_(demos), col(Card.retired_at).is_(None))
        .order_by(Deck.name, Card.place, col(CardDemo.position))
    )
    found: dict[str, dict[int, tuple[str, Card]]] = {}
    for demo, deck, card in session.exec(linked):
        found.setdefault(demo, {}).setdefault(card.id, (deck, card))
    return {demo: list(cards.values())[:CARDS_OF_A_SLIP] for demo, cards in found.items()}
