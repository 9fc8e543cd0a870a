"""A file that is broken is refused whole, by its line."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.history.format import LONGEST, HistoryError
from app.exchange.history.import_history import import_history
from tests.examples import examples
from tests.exchange.history.places import (
    NOW,
    Place,
    changed,
    learner_with,
    moved,
)

BROKEN: dict[str, tuple[Callable[[bytes], bytes], int, str]] = {
    "empty": (lambda h: b"", 1, "cut short"),
    "not a history": (lambda h: b"id,name\n1,2\n", 1, "JSON"),
    "another JSON": (lambda h: b'{"cards": []}\n', 1, "kind"),
    "too deep": (lambda h: b'{"kind": ' + b"[" * 100_000, 1, "JSON"),
    "no header": (lambda h: h.split(b"\n", 1)[1], 1, "must be the first line"),
    "another format": (lambda h: changed(h, 1, format="other"), 1, "format "),
    "a later version": (
        lambda h: changed(h, 1, version=8, device="phone"),
        1,
        "version 8, and this Recur reads 1, 2, 3, 4, 5, 6 and 7: update Recur, which is older than the file",
    ),
    "an unknown zone": (
        lambda h: changed(h, 1, learner={**json.loads(h.split(b"\n")[0])["learner"], "time_zone": "Mars/Base"}),
        1,
        "'Mars/Base' is not a time zone",
    ),
    "a broken line": (lambda h: h.replace(b'"rating":5', b'"rating":'), 8, "JSON"),
    "a rating of six": (lambda h: changed(h, 7, rating=6), 7, "rating "),
    "a rating as text": (lambda h: changed(h, 7, rating="5"), 7, "rating "),
    "an unknown key": (lambda h: changed(h, 9, mood="good"), 9, "mood "),
    "neither rating nor undo": (
        lambda h: changed(h, 7, rating=None),
        7,
        "a rating or the rating that it undoes",
    ),
    "both": (lambda h: changed(h, 7, undoes="token-0"), 7, "a rating or the rating that it undoes"),
    "no zone": (lambda h: changed(h, 6, rated_at="2025-06-01T10:00:00"), 6, "rated_at "),
    "a day that is none": (lambda h: changed(h, 6, day="2025-02-30"), 6, "day "),
    "the end of time": (lambda h: changed(h, 6, day="9999-12-31"), 6, "between 1900 and 9000"),
    "no number": (lambda h: changed(h, 6, desired_retention=float("nan")), 6, "desired_retention "),
    "certainty": (lambda h: changed(h, 6, desired_retention=1.0), 6, "desired_retention "),
    "a card without its line": (lambda h: changed(h, 6, card="zzz"), 6, "d/zzz has no card line"),
    "a name that leaves the folder": (lambda h: changed(h, 2, topic="../../x"), 2, "topic "),
    "a token twice": (lambda h: changed(h, 8, token=json.loads(h.split(b"\n")[5])["token"]), 8, "earlier line"),
    "an undo of nothing": (lambda h: changed(h, 10, undoes="nothing"), 10, "not the token of a rating above"),
    "an undo of what comes": (
        lambda h: changed(h, 10, undoes=json.loads(h.split(b"\n")[10])["token"]),
        10,
        "not the token of a rating above",
    ),
    "an undo of another card": (
        lambda h: changed(h, 10, undoes=json.loads(h.split(b"\n")[5])["token"]),
        10,
        "rates another card",
    ),
    "a missing review": (lambda h: b"\n".join(h.split(b"\n")[:6] + h.split(b"\n")[7:]), 16, "lines are missing"),
    "cut at a line": (lambda h: b"\n".join(h.split(b"\n")[:9]) + b"\n", 9, "cut short"),
    "cut in a line": (lambda h: h[: h.index(b'"rating":5')], 8, "JSON"),
    "two files in one": (lambda h: h + h, 18, "continues after its end"),
    "a header within": (lambda h: b"\n".join([*h.split(b"\n")[:7], h.split(b"\n")[0]]), 8, "the only one"),
    "a mark without its card": (lambda h: changed(h, 12, card="zzz"), 12, "d/zzz has no card line"),
    "a mark among the reviews": (lambda h: moved(h, 12, 7), 8, "of kind review must come before those of kind mark"),
    "a missing mark": (lambda h: moved(h, 12), 16, "with 2 marks, and holds 1 marks"),
    "a note too long": (lambda h: changed(h, 12, note="x" * 100_001), 12, "note "),
    "a NUL in a note": (lambda h: changed(h, 12, note="\0"), 12, "NUL"),
    "a tag that is none": (lambda h: changed(h, 13, tags=[3]), 13, "tags.0 "),
    "a tag with a comma": (lambda h: changed(h, 13, tags=["a,b"]), 13, "no comma, unlike 'a,b'"),
    "an item of no quiz": (lambda h: moved(h, 14), 14, "must follow its line"),
    "an item twice": (lambda h: changed(h, 16, position=0), 16, "in order"),
    "an item without its card": (lambda h: changed(h, 16, card="zzz"), 16, "d/zzz has no card line"),
    "an answer twice": (
        lambda h: changed(h, 16, token=json.loads(h.split(b"\n")[14])["token"]),
        16,
        "already answers another question",
    ),
    "certain expectations": (lambda h: changed(h, 15, expected=1.5), 15, "expected "),
    "a missing item": (lambda h: moved(h, 16), 16, "with 2 quiz_items, and holds 1"),
    "two actions on a key": (lambda h: learner_with(h, own_keys={"undo": "e"}), 1, "already"),
    "an unknown action": (lambda h: learner_with(h, own_keys={"fly": "e"}), 1, "no action called 'fly'"),
    "a text size of none": (lambda h: learner_with(h, text_size=120), 1, "text_size "),
    "a timer of an hour": (lambda h: learner_with(h, say_within=3600), 1, "say_within "),
    "not UTF-8": (lambda h: h.replace(b"What is", b"What\xff is", 1), 2, ""),
    "a NUL": (lambda h: h.replace(b"What is", b"What\\u0000 is", 1), 2, "NUL"),
    "an empty line": (lambda h: h.replace(b"\n", b"\n\n", 1), 2, "JSON"),
}


@pytest.fixture(scope="module", params=["there", "bare"], ids=["with content", "without"])
def unharmed(request: pytest.FixtureRequest, places: Any, a_history: bytes) -> Iterator[Place]:
    """A database that refuses one file after another, and takes the whole one at last."""
    with places(request.param) as (place,):
        yield place
        assert place.take(a_history).added == 6


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_whole_by_its_line(unharmed: Place, a_history: bytes, case: str) -> None:
    breaks, line, says = BROKEN[case]
    before = unharmed.everything()
    with pytest.raises(HistoryError) as refused:
        unharmed.take(breaks(a_history))
    assert refused.value.line == line
    assert str(refused.value).startswith(f"line {line}: ")
    assert says in str(refused.value)
    assert unharmed.everything() == before


@examples(60)
@given(st.data())
def test_a_damaged_file_is_refused_or_harmless(places: Any, a_history: bytes, data: st.DataObject) -> None:
    """Bytes lost, doubled or changed anywhere: never another error, never a part of the file."""
    history = a_history
    with places("bare") as (bare,):
        start = data.draw(st.integers(0, len(history)))
        end = data.draw(st.integers(start, min(len(history), start + 400)))
        put = data.draw(
            st.binary(max_size=6) | st.sampled_from([b"1", b"0", b"\n", b'"', b"{}", history[start:end] * 2])
        )
        before = bare.everything()
        try:
            added = bare.take(history[:start] + put + history[end:]).added
        except HistoryError:
            assert bare.everything() == before
        else:
            assert added == 6


def test_an_endless_line_is_not_read_to_its_end(three: list[Place]) -> None:
    class Zeros(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, into: Any) -> int:
            self.given += len(into)
            assert self.given < 10 * LONGEST
            into[:] = bytes(len(into))
            return len(into)

    with pytest.raises(HistoryError, match="line 1: the line is longer than"):
        import_history(three[0].database, io.BufferedReader(Zeros()), 1, NOW)
