"""Examines a database: every check, and which tables each looks at."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app.database import Database, UnusableDatabaseError
from app.exchange.history.finish_imports import unfinished
from app.upkeep.doctor import content, derived, owners, reviews, schema, storage
from app.upkeep.doctor.finding import Cure, Finding


@dataclass(frozen=True)
class Examined:
    """What is examined: a database, the content folder, and the time, aware."""

    database: Database
    content_dir: Path
    now: datetime


def _schema(what: Examined, connection: Connection) -> list[Finding]:
    return list(schema.revision(what.database, connection)) or list(schema.missing(connection))


def _imports(what: Examined, _connection: Connection) -> Iterator[Finding]:
    for learner in unfinished(what.database):
        sentence = f"The history of learner {learner} is being imported, or its import was cut short."
        yield Finding(sentence, Cure.IMPORT)


def _stored(what: Examined, connection: Connection) -> Iterator[Finding]:
    if not what.database.is_sqlite:
        yield from storage.damaged_indices(connection)
    yield from storage.unreadable(connection)


def _reviews(what: Examined, connection: Connection) -> Iterator[Finding]:
    yield from reviews.changed(what.database, connection)
    yield from reviews.clocks(connection, what.now)


def _owners(_what: Examined, connection: Connection) -> Iterator[Finding]:
    yield from owners.missing_owners(connection)
    yield from owners.answers(connection)


def _derived(what: Examined, connection: Connection) -> Iterator[Finding]:
    yield from derived.projections(what.database)
    yield from derived.cursors(connection)
    yield from derived.forecasts(connection)


Check = Callable[[Examined, Connection], Iterable[Finding]]
CHECKS: Mapping[str, Check] = {
    "imports": _imports,
    "values that cannot be read": _stored,
    "reviews": _reviews,
    "owners": _owners,
    "versions": lambda _what, connection: content.versions(connection),
    "schedule and totals": _derived,
    "cards": lambda what, connection: content.files(connection, what.content_dir, what.now),
    "search": lambda what, connection: content.index(what.database, connection),
}
EXAMINED: Mapping[str, tuple[str, ...]] = {
    "account": ("owners",),
    "app_token": ("owners",),
    "class_date": ("owners",),
    "class_deck": ("owners",),
    "class_member": ("owners",),
    "class_plan": ("owners",),
    "class_quiz": ("owners",),
    "class_quiz_taker": ("owners",),
    "class_topic": ("owners",),
    "entry_link": ("owners",),
    "evidence": ("owners",),
    "guess": (),
    "known_device": ("owners",),
    "school_class": ("owners",),
    "sign_in": ("owners",),
    "card": ("cards", "owners", "search"),
    "card_alias": ("owners",),
    "card_demo": ("cards", "owners"),
    "card_link": ("cards", "owners"),
    "card_mark": ("owners",),
    "card_source": ("cards", "owners", "search"),
    "card_state": ("schedule and totals", "owners"),
    "card_version": ("owners", "versions"),
    "card_tag": ("cards", "owners", "search"),
    "content_file": ("cards",),
    "day_total": ("schedule and totals", "owners"),
    "deck": ("cards", "owners"),
    "deleted_learner": (),
    "forecast": ("schedule and totals", "owners"),
    "learner": ("imports", "owners"),
    "month_total": ("schedule and totals", "owners"),
    "new_card_cursor": ("schedule and totals", "owners"),
    "own_tag": ("owners",),
    "plan": ("owners",),
    "quiz": ("owners",),
    "quiz_item": ("owners",),
    "review": ("reviews", "owners"),
    "topic": ("cards", "owners"),
}
"""Every table, and the checks that look at it. All of them are looked at for pages, columns and values, too."""


def examine(what: Examined) -> list[Finding]:
    """Everything that is wrong with the database. It need not be migrated, and a server may be using it.

    What stands on damaged ground is not looked at: a damaged file, a missing table or half an import is all that is
    found then.
    """
    database = what.database
    found = [] if database.file is None else list(storage.damaged_file(database.file))
    if found:
        return found
    # Each check has a session of its own: after an error PostgreSQL answers nothing more.
    for name, check in {"the schema": _schema, **CHECKS}.items():
        try:
            with database.read() as session:
                found += check(what, session.connection())
        except (SQLAlchemyError, UnusableDatabaseError, ValueError, TypeError) as error:
            found.append(Finding(f"Not examined: {name}. It cannot be read ({getattr(error, 'orig', None) or error})."))
        if check in (_schema, _imports) and found:
            break
    return found
