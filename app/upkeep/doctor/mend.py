"""Mends what an examination found, as far as it can be derived. A review is never deleted."""

from collections.abc import Callable, Mapping

import alembic.command
from sqlmodel import Session

from app.cards.load import search
from app.cards.load.load import load
from app.exchange.history.finish_imports import finish_imports
from app.study.schedule.replay import replay
from app.study.schedule.totals import move_cards
from app.upkeep.doctor import content, owners, reviews, schema
from app.upkeep.doctor.examine import Examined
from app.upkeep.doctor.finding import Cure, Finding, number
from app.upkeep.doctor.salvage import replace


def mend(what: Examined, found: list[Finding]) -> list[str]:
    """Apply the repairs for these findings. Returns a sentence for each thing that was done.

    Keep others away from the database meanwhile. A damaged file is replaced alone, and an import is finished alone:
    examine what came of it then. Raises
    UnusableDatabaseError if nothing can be read of it, and OSError if there is no room for a new one.
    """
    cures = {finding.cure for finding in found}
    if Cure.FILE in cures and what.database.file is not None:
        what.database.close()
        return replace(what.database.file, what.content_dir, what.now)
    if Cure.IMPORT in cures:
        finish_imports(what.database)
        return ["Finished what was left of an import."]
    done = []
    with what.database.write() as session:
        for cure, repair in REPAIRS.items():
            if cure in cures:
                done += repair(what, session)
    if Cure.SCHEMA in cures and not what.database.is_up_to_date():  # it was at no revision, and is whole now
        alembic.command.stamp(what.database.alembic_config(), "head")
    if Cure.LOAD in cures:
        load(what.database, what.content_dir, what.now, move_cards=move_cards)
    return done


def _schema(_what: Examined, session: Session) -> list[str]:
    schema.add_missing(session.connection())
    return ["Created what was missing."]


def _load(what: Examined, session: Session) -> list[str]:
    owners.drop_derived_orphans(session.connection())
    count = content.forget_differing(session.connection(), what.content_dir, what.now)
    return [f"Loaded {number(count, 'content file')} again."]


def _replay(_what: Examined, session: Session) -> list[str]:
    done = replay(session)
    return [f"Replayed {number(done.reviews, 'review')} of {number(done.cards, 'card')}."]


def _search(_what: Examined, session: Session) -> list[str]:
    search.make_anew(session.connection())
    return ["Rebuilt the search index."]


REPAIRS: Mapping[Cure, Callable[[Examined, Session], list[str]]] = {
    Cure.SCHEMA: _schema,
    Cure.FLIPPED: lambda what, session: [
        f"Set one bit back in {number(reviews.set_back(what.database, session.connection()), 'review')}."
    ],
    Cure.OWNER: lambda what, session: [f"Put back: {one}." for one in owners.put_back(session.connection(), what.now)],
    Cure.UNUSED: lambda _, session: [
        f"Deleted {number(owners.drop_unused(session.connection()), 'row')} that nobody could use."
    ],
    Cure.ANSWER: lambda _, session: [
        f"Made {number(owners.forget_answers(session.connection()), 'question')} of quizzes unanswered."
    ],
    Cure.LOAD: _load,
    Cure.REPLAY: _replay,
    Cure.SEARCH: _search,
}
