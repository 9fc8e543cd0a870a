"""What a log says about an exception: its cause on one line and one short traceback, without what people typed."""

import re
import time
import traceback
from collections.abc import Iterator

from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError, StatementError

from app.database import UnusableDatabaseError, is_busy
from app.settings import ROOT

OWN_CODE = (f"{ROOT / 'app'}/", f"{ROOT / 'templates'}/")
LAST_FRAMES = 2
LONGEST = 300
REPEATED_WITHIN = 60.0
"""Seconds in which a failure at the same place is told without its traceback."""

# What SQLite says of the machine and not of our code: read-only, I/O error, damaged, full, cannot open, not a database.
_OF_THE_MACHINE = frozenset({8, 10, 11, 13, 14, 26})
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)

_told: dict[tuple[object, ...], float] = {}


def is_outage(error: BaseException) -> bool:
    """True if the database could not do its work, which no traceback explains: busy, full, damaged, away, gone."""
    if isinstance(error, UnusableDatabaseError):
        return True
    if is_busy(error) or not isinstance(error, DBAPIError):
        return is_busy(error)
    code = getattr(error.orig, "sqlite_errorcode", None)
    return isinstance(error, OperationalError | InterfaceError) if code is None else code & 0xFF in _OF_THE_MACHINE


def cause(error: BaseException) -> str:
    """The first cause on one line, such as «sqlite3.OperationalError: disk I/O error».

    Only the first line of a message is told: what follows may hold a row. Where a message may quote what somebody
    typed, the quotation is left out.
    """
    return _in_words(list(_chain(error))[-1])


def traceback_once(error: BaseException) -> str | None:
    """The traceback, from our own code on; None for an outage, and for a failure that was told within a minute."""
    error = _single(error)
    if is_outage(error):
        return None
    frames = traceback.extract_tb(error.__traceback__)
    place = (type(error), cause(error), *((frame.filename, frame.lineno) for frame in frames[-1:]))
    now = time.monotonic()
    if now - _told.get(place, -REPEATED_WITHIN) < REPEATED_WITHIN:
        return None
    if len(_told) >= 1000:
        _told.clear()
    _told[place] = now
    return "".join(_lines(error, frames))


def _lines(error: BaseException, frames: traceback.StackSummary) -> Iterator[str]:
    yield "Traceback (most recent call last):\n"
    left_out = False
    for at, frame in enumerate(frames):
        if frame.filename.startswith(OWN_CODE) or at >= len(frames) - LAST_FRAMES:
            if left_out:
                yield "  …\n"
            yield from traceback.format_list([frame])
            left_out = False
        else:
            left_out = True
    for one in _chain(error):
        where = traceback.extract_tb(one.__traceback__)[-1:] if one is not error else []
        yield f"{_in_words(one)}{''.join(f' ({f.filename}:{f.lineno})' for f in where)}\n"
        if isinstance(one, StatementError) and one.statement:
            yield f"  SQL: {' '.join(one.statement.split())[:LONGEST]}\n"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and so on."""
    seen: set[int] = set()
    now: BaseException | None = _single(error)
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = None if isinstance(now, StatementError) else now.__cause__  # it stands for the driver's own


def _single(error: BaseException) -> BaseException:
    """The first exception of a group."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _in_words(error: BaseException) -> str:
    said = (error.orig or error) if isinstance(error, StatementError) else error
    kind = type(said)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    first = next(iter(str(said).strip().splitlines()), "")
    # These say which value was wrong: a number that is none, a key that is missing, a text that PostgreSQL refuses.
    if isinstance(said, ValueError | LookupError) or isinstance(error, DataError):
        first = _QUOTED.sub("'…'", first)
    return f"{name}: {first[:LONGEST]}" if first else name
