"""/classes/…/evidence: for those who teach a class, how its cards are learned, and which edits helped."""

from collections.abc import Mapping
from http import HTTPStatus
from itertools import groupby

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from app.accounts.classes import class_name
from app.accounts.evidence import may_see
from app.study.evidence.edits import NOT_ENOUGH, beyond, edits_of
from app.study.evidence.figures import CellKind, FigureCell
from app.study.evidence.shown import ClassEvidence, OfCells, ShownCard, class_evidence, total
from app.web.evidence import words
from app.web.frame.decks import check_theirs
from app.web.frame.editing import edit_at, may_edit
from app.web.frame.errors import NotHereError
from app.web.frame.here import Context, Here, RowId

MOST_EDITS = 20
"""So many edits are listed, first those that can be judged; a card's page has all of its own."""


def evidence(here: Here, class_id: RowId) -> Response:
    """Show the class's figures by deck and topic, the hardest cards, and the edits."""
    with here.reading() as session:
        name = _checked_class(here, session, class_id)
        shown = class_evidence(session.connection(), class_id, CellKind.FIRST, CellKind.LATER)
        of_cards = shown.of_cards()
        edits = edits_of(session.connection(), shown.cards, shown.cells)
        learner = here.learner(session)
        return here.page(
            "evidence/class.html",
            class_id=class_id,
            name=name,
            shown=shown,
            decks=_by_topic(shown, of_cards),
            of_cards=of_cards,
            hardest=[shown.cards[card] for card in shown.hardest(of_cards)],
            edits=sorted(edits, key=lambda edit: edit.verdict == NOT_ENOUGH)[:MOST_EDITS],
            all_edits=len(edits),
            day=learner.day,
            today=learner.day(here.now),
            words=words,
            beyond=beyond,
        )


def one_topic(here: Here, class_id: RowId, deck: str, topic: str) -> Response:
    """Show the figures of a topic's cards."""
    with here.reading() as session:
        class_name = _checked_class(here, session, class_id)
        shown = class_evidence(session.connection(), class_id, CellKind.FIRST, CellKind.LATER)
        cards = [one for one in shown.cards.values() if (one.deck, one.topic) == (deck, topic)]
        if not cards:
            raise NotHereError("This class has no such topic. Its decks are on its page.")
        of_cards = shown.of_cards()
        return here.page(
            "evidence/topic.html",
            class_id=class_id,
            class_name=class_name,
            shown=shown,
            cards=cards,
            known=[one for one in cards if of_cards[one.id].is_known],
            of_cards=of_cards,
            sum=total(of_cards[one.id] for one in cards),
            words=words,
        )


def one_card(here: Here, class_id: RowId, deck: str, name: str) -> Response:
    """Show all that may be shown of the class's answers to one card."""
    with here.reading() as session:
        class_name = _checked_class(here, session, class_id)
        shown = class_evidence(session.connection(), class_id, *CellKind)
        found = [one for one in shown.cards.values() if (one.deck, one.name) == (deck, name)]
        if not found:
            raise NotHereError("This class has no such card. Its decks are on its page.")
        card = found[0]
        of_cards = shown.of_cards()
        learner = here.learner(session)
        return here.page(
            "evidence/card.html",
            class_id=class_id,
            class_name=class_name,
            shown=shown,
            card=card,
            figures=of_cards[card.id],
            of_cards=of_cards,
            mistakes=_mistakes(shown, card),
            leads=[
                shown.cards[int(cell.what)] for cell in _of(shown, card, CellKind.BOTH) if int(cell.what) in shown.cards
            ],
            edits=edits_of(session.connection(), [card.id], shown.cells),
            day=learner.day,
            today=learner.day(here.now),
            words=words,
            beyond=beyond,
            edit=edit_at(here.settings, card.path, card.line),
            may_edit=may_edit(here),
        )


def _checked_class(here: Context, session: Session, class_id: int) -> str:
    """The name of the class. Raises NotHereError or HTTPException if its evidence is not for them."""
    check_theirs(here, session, class_id)
    if not may_see(session, here.signed_in(), class_id):
        said = "Only those who teach a class see its evidence. Admins who teach it add themselves as instructors."
        raise HTTPException(HTTPStatus.FORBIDDEN, said)
    return class_name(session, class_id)


def _by_topic(shown: ClassEvidence, of_cards: Mapping[int, OfCells]) -> dict[str, list[tuple[ShownCard, OfCells]]]:
    """The sums of each topic, with the first of its cards, which names it, by the titles of the decks in order."""
    decks: dict[str, list[tuple[ShownCard, OfCells]]] = {}
    for (title, _topic), cards in groupby(shown.cards.values(), key=lambda card: (card.deck_title, card.topic)):
        first = next(cards)
        sums = total(of_cards[one.id] for one in (first, *cards))
        decks.setdefault(title, []).append((first, sums))
    return decks


def _of(shown: ClassEvidence, card: ShownCard, kind: CellKind) -> list[FigureCell]:
    return [cell for cell in shown.cells if cell.card_id == card.id and cell.kind is kind]


def _mistakes(shown: ClassEvidence, card: ShownCard) -> dict[CellKind, list[tuple[str, int]]]:
    """The slips and the wrong values, each with how many learners made it, the commonest first."""
    found: dict[CellKind, list[tuple[str, int]]] = {}
    for kind in (CellKind.SLIP, CellKind.VALUE):
        cells = _of(shown, card, kind)
        counts = {
            what: sum(shown.cells[one].learners for one in cells if one.what == what)
            for what in {c.what for c in cells}
        }
        found[kind] = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return found
