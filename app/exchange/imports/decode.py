"""Finds out the encoding of a text: UTF-8, or one of those in which spreadsheets save tables."""

import codecs
import re
from pathlib import Path

from app.cards.file.files import Unreadable, decode
from app.cards.render.word_table import word_table
from app.exchange.imports.draft import Notice, RefusedError

WINDOWS = "cp1252"
_TABLE = word_table(Path(__file__).with_name("encodings.txt"))
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
_MARKS |= {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # begins as UTF-32's does


def text_of(data: bytes, encoding: str, guesses: list[Notice]) -> str:
    """Return the text of a file, with plain newlines. What was guessed is added to `guesses`.

    Raises RefusedError if the bytes are not of the `encoding`, or of none that is known, and Unreadable if they are no
    text at all.
    """
    if encoding:
        return _decoded(data, encoding)
    for mark in _MARKS:
        if data.startswith(mark):
            return _decoded(data, _MARKS[mark])
    wide = _without_mark(data)
    if wide:
        guesses.append(Notice("the file", f"it is read as {wide.upper()}, as every second byte is NUL"))
        return _decoded(data, wide)
    try:
        return decode(data)
    except Unreadable as error:
        if b"\0" in data:
            raise
        line, name = f"line {error.line}", _likely(data)
        try:
            text, others = _decoded(data, name), _in_two_encodings(data) if name == WINDOWS else ""
        except RefusedError:
            raise RefusedError(f"{line}: {error}; or say its encoding with --encoding") from None
        what, told = "the line is" if others else "the file is", name.replace("cp125", "Windows-125")
        guesses.append(Notice(line, f"it is no UTF-8, so {what} read as {told}: else say --encoding NAME"))
        return others or text


def _likely(data: bytes) -> str:
    """The encoding of a text, by its letters: a Latin text has few letters beyond ASCII beside each other."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    is_latin = sum(len(run) for run in runs if len(run) > 3) < 0.5 * sum(map(len, runs))
    found: dict[str, float] = {WINDOWS: 1.0}
    for language, letters in _TABLE["latin" if is_latin else "other"].items():
        name = language.partition("/")[0]
        text = data.decode(name, "replace")
        strange = re.sub("[\\x00-\x7f“”„‘’‚«»–—…€°·×]", "", text.lower() if is_latin else text)
        if "\ufffd" not in strange:
            shares = [len(re.findall(f"[{some}]", strange)) / max(len(strange), 1) for some in letters.split()]
            found[name] = max(found.get(name, 0), shares[0] + shares[-1])
    return max(found, key=found.__getitem__)


def _in_two_encodings(data: bytes) -> str:
    """The text of a file in which some lines are UTF-8 beyond ASCII, and others Windows-1252; else empty."""
    lines, has_utf8 = [], False
    for line in data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        try:
            lines.append(line.decode("utf-8-sig"))
            has_utf8 = has_utf8 or not line.isascii()
        except UnicodeDecodeError:
            lines.append(line.decode(WINDOWS))
    return "\n".join(lines) if has_utf8 else ""


def _decoded(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except LookupError:
        raise RefusedError(
            f"there is no encoding {encoding!r}: write it as in utf-8, utf-16, cp1252 or latin-1"
        ) from None
    except (UnicodeError, ValueError) as error:
        raise RefusedError(f"the file is not encoded in {encoding}: {error}") from None
    if not isinstance(text, str):
        raise RefusedError(f"{encoding!r} is not a text encoding")
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _without_mark(data: bytes) -> str:
    """UTF-16 without a byte-order mark, if the text looks like it: its Latin letters have a NUL on one side."""
    some = data[:4_000]
    low, high = some[0::2].count(0), some[1::2].count(0)
    if len(data) % 2 or max(low, high) < len(some) * 0.2 or min(low, high) > len(some) * 0.02:
        return ""
    return "utf-16-be" if low > high else "utf-16-le"
