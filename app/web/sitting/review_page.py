"""The page of a sitting is put together: from what the database knows to what is shown."""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select
from starlette.responses import Response

from app.models import Card, CardDemo, CardSource
from app.study.schedule.buttons import offer
from app.study.schedule.rate import Rated
from app.study.schedule.review_log import stored_state
from app.study.schedule.scale import Rating
from app.study.schedule.undo import last_rating
from app.study.selection.leech import leech
from app.study.selection.marks import Marks
from app.study.selection.standing import LEECH_FROM
from app.study.sitting.progress import progress
from app.study.sitting.queue import Mode, Queue, next_card
from app.study.sitting.summary import summary
from app.study.sitting.today import next_due
from app.tables import CARD_MARK, TOPIC
from app.web.frame.editing import EditLink, edit_link
from app.web.frame.here import Here
from app.web.frame.pages import page
from app.web.sitting.review_address import SittingQuery, sitting_of, words
from app.web.sitting.review_view import Aside, JustRated, Over, Shown, Visit, beside

IN_SIGHT = timedelta(minutes=15)
"""How long the last rating stays on the page, with its undo."""


def visit_of(here: Here, session: Session, asked: SittingQuery) -> Visit:
    """Raises NotHereError for a deck or topic, UnknownLearnerError for a learner."""
    sitting = sitting_of(session, asked, here.now)
    return Visit(here.request, session, here.settings, here.learner(session), sitting, here.now)


# Built once: building a statement costs as much as running it.
# Of the topic no more than this: the rest is long, and not shown here.
_ABOUT = (
    select_columns(
        TOPIC.c.title,
        TOPIC.c.path,
        CARD_MARK.c.buried_until,
        CARD_MARK.c.is_suspended,
        CARD_MARK.c.is_flagged,
        CARD_MARK.c.note,
    )
    .outerjoin_from(
        TOPIC, CARD_MARK, (CARD_MARK.c.learner_id == bindparam("learner")) & (CARD_MARK.c.card_id == bindparam("card"))
    )
    .where(TOPIC.c.id == bindparam("topic"))
)
_NAME_AND_QUESTION = select(Card.name, Card.question).where(col(Card.id) == bindparam("card"))
_SOURCES = select(CardSource.item).where(col(CardSource.card_id) == bindparam("card")).order_by(CardSource.item)


def _about(visit: Visit, card: Card) -> tuple[str, EditLink, Marks]:
    """The topic's title, where the card is edited, and the learner's marks on it, without tags."""
    values = {"topic": card.topic_id, "learner": visit.who.learner_id, "card": card.id}
    title, path, *marks = visit.session.connection().execute(_ABOUT, values).one()
    is_marked = marks[-1] is not None
    return title, edit_link(visit.settings, path, card), Marks(*marks) if is_marked else Marks()


def question(visit: Visit, card: Card) -> Shown:
    """The card as it is asked now."""
    title, edit, marks = _about(visit, card)
    return Shown(card, title, visit.now, edit, marks)


def answer(visit: Visit, card: Card, shown_at: datetime, typed: str = "") -> Shown:
    """The card with its answer revealed now, beside what was typed."""
    title, edit, marks = _about(visit, card)
    connection = visit.session.connection()
    sources = connection.execute(_SOURCES, {"card": card.id}).scalars()
    state = stored_state(connection, visit.who.learner_id, card.id)
    return Shown(
        card,
        title,
        shown_at,
        edit,
        marks,
        offer(visit.session, visit.who, card.id, visit.now),
        visit.now,
        tuple(sources),
        beside(typed, card) if typed.strip() else None,
        leech(visit.session, card, state.lapses) if state else None,
    )


def next_page(
    visit: Visit,
    *,
    rated: Rated | None = None,
    notice: str | None = None,
    status: int = 200,
    aside: Aside | None = None,
) -> Response:
    """The page with the next card's question, or with the end. `rated` is the last rating, where it is known."""
    sitting = visit.sitting
    card = next_card(visit.session, visit.who, visit.now, sitting.queue)
    shown = question(visit, card) if card else None
    return sitting_page(visit, shown, rated=rated, notice=notice, status=status, aside=aside)


def sitting_page(
    visit: Visit,
    shown: Shown | None,
    *,
    rated: Rated | None = None,
    notice: str | None = None,
    status: int = 200,
    aside: Aside | None = None,
) -> Response:
    """The page with `shown`, or with what was done when nothing is left."""
    sitting = visit.sitting
    return page(
        visit.request,
        "review.html",
        status,
        part="sitting",
        deck=sitting.deck,
        sitting=sitting,
        words=words(sitting, visit.settings),
        is_early=sitting.queue.mode is not Mode.DUE,
        who=visit.who,
        shown=shown,
        over=_over(visit) if shown is None else None,
        progress=progress(visit.session, visit.who, visit.now, sitting.queue, sitting.key),
        today=visit.who.day(visit.now),
        rated=_just_rated(visit, shown, rated),
        notice=notice,
        aside=aside,
        undo_token=uuid4().hex,
    )


def _over(visit: Visit) -> Over:
    today = (visit.session, visit.who, visit.now)
    deck_id = visit.sitting.deck.id
    done = summary(*today, deck_id, visit.sitting.key)
    missed = [card.card_id for card in done.missed]
    links = visit.session.exec(select(CardDemo).where(col(CardDemo.card_id).in_(missed), CardDemo.position == 0))
    return Over(
        done,
        {link.card_id: link for link in links},
        next_due(*today, deck_id),
        progress(*today, Queue(deck_id)).remaining,
    )


def _just_rated(visit: Visit, shown: Shown | None, rated: Rated | None) -> JustRated | None:
    """The last rating, while it is in sight: with the next question, until its own card is there again."""
    review = rated.review if rated else last_rating(visit.session, visit.who)
    if review is None or not timedelta() <= visit.now - review.rated_at < IN_SIGHT:
        return None
    is_answer = shown is not None and shown.offer is not None
    if is_answer or (shown is not None and shown.card.id == review.card_id and rated is None):
        return None
    connection = visit.session.connection()
    name, asked = connection.execute(_NAME_AND_QUESTION, {"card": review.card_id}).one()
    state = rated.state if rated else stored_state(connection, visit.who.learner_id, review.card_id)
    help_with = None
    if state is not None and Rating(review.rating or 1).missed and state.lapses >= LEECH_FROM:
        help_with = leech(visit.session, visit.session.get_one(Card, review.card_id), state.lapses)
    return JustRated(review, name, asked, state, help_with)
