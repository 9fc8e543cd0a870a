"""The end of a drill: the score by kind, and the slips with the demos and the cards about them."""

from collections import Counter
from collections.abc import Collection, Mapping

from sqlalchemy import or_
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.ask.drill import Drill
from app.ask.question import Question
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
        cards = _cards_about(session, {find(name) for name, _ in slips})
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


def _cards_about(session: Session, questions: Collection[Question]) -> Mapping[str, list[tuple[str, Card]]]:
    """The first (deck, card) about each question, by its name: those that ask it, then those that link to its demo."""
    in_use = select(Deck.name, Card).join(Card).where(col(Card.retired_at).is_(None)).order_by(Deck.name, Card.place)
    found: dict[str, list[tuple[str, Card]]] = {}
    for question in questions:
        asks = or_(col(Card.asks) == question.name, col(Card.asks).startswith(f"{question.name}?", autoescape=True))
        links = col(Card.id).in_(select(CardDemo.card_id).where(CardDemo.demo == question.demo))
        cards = {card.id: (deck, card) for one in (asks, links) for deck, card in session.exec(in_use.where(one))}
        found[question.name] = list(cards.values())[:CARDS_OF_A_SLIP]
    return found
