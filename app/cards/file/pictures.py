"""The pictures and sounds beside a deck's Markdown, and why one cannot be shown: the one door to imagesize."""

import hashlib
import io
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.parsers import expat

LARGEST_PICTURE = 2_000_000
MOST_PIXELS = 50_000_000
"""A browser takes four bytes for each, however few the file has."""
KINDS = {"png", "jpg", "jpeg", "webp", "gif", "svg", "mp3", "ogg", "oga", "opus", "m4a"}
"""The endings of files that are looked at. What a file is, its bytes say."""
_BEGINNINGS = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"ID3|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]"), "audio/mpeg"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"....ftyp(M4A|M4B|mp4|isom|iso)", re.DOTALL), "audio/mp4"),
    (re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml|<!--|<!DOCTYPE svg|<svg)", re.IGNORECASE), "image/svg+xml"),
)
_SVG = "http://www.w3.org/2000/svg"
_LINKS = {"href", "src", "http://www.w3.org/1999/xlink href"}
_LEADS_OUT = re.compile(r"@import|url\((?!\s*(?:[\"']\s*)?(#|data:))", re.IGNORECASE)


@dataclass(frozen=True)
class DeckPicture:
    """A picture or sound. `name` is its path from the deck's folder. If it cannot be shown, `problem` says why.

    The width and height of a picture are in pixels; 0 if it says none.
    """

    name: str
    digest: str
    media_type: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""

    @property
    def is_sound(self) -> bool:
        """True for what is played."""
        return self.media_type.startswith("audio/")


def find_pictures(content_dir: Path | str, deck: str) -> tuple[DeckPicture, ...]:
    """Every file of a deck's folder, and of those within it, that is named like a picture or sound, sorted by name."""
    folder = os.path.join(content_dir, deck)
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in names:
            if not name.startswith(".") and name.isprintable() and name.rpartition(".")[2].lower() in KINDS:
                full = os.path.join(place, name)
                found.append(_picture_at(content_dir, deck, os.path.relpath(full, folder).replace(os.sep, "/")))
    return tuple(sorted(filter(None, found), key=lambda picture: picture.name))


def open_picture(content_dir: Path | str, deck: str, name: str) -> tuple[DeckPicture, Path] | None:
    """A picture of a deck that can be shown, and where it is; None if there is none."""
    parts = name.split("/")
    if any(part.startswith(".") or not part for part in (deck, *parts)) or "\\" in name or "\0" in name:
        return None
    if parts[-1].rpartition(".")[2].lower() not in KINDS:
        return None
    found = _picture_at(content_dir, deck, name)
    return (found, Path(content_dir, deck, name)) if found and not found.problem else None


def _picture_at(content_dir: Path | str, deck: str, name: str) -> DeckPicture | None:
    full = os.path.join(content_dir, deck, name)
    try:
        stat = os.stat(full)
        real = os.path.realpath(full)
    except OSError:
        return None  # just deleted, or a link to nowhere or to itself
    if not os.path.isfile(real):
        return None
    folder = os.path.realpath(os.path.join(content_dir, deck))
    if not all(real.startswith(os.path.join(one, "")) for one in (folder, os.path.realpath(content_dir))):
        return DeckPicture(name, "", problem="it is a link out of the deck's folder: put the file itself there")
    return _read(real, name, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=20_000)
def _read(full: str, name: str, size: int, _mtime_ns: int) -> DeckPicture:
    """What a file is. It is remembered by the size and the time of the last change."""
    if size > LARGEST_PICTURE:
        megabytes = f"{size / 1e6:.1f} MB, and {LARGEST_PICTURE // 1_000_000} MB are the most"
        return DeckPicture(name, f"{size}", problem=f"it has {megabytes}: make it smaller")
    try:
        data = Path(full).read_bytes()
    except OSError as error:
        return DeckPicture(name, "", problem=f"it cannot be read: {error.strerror}")
    return picture_of(name, data)


def picture_of(name: str, data: bytes) -> DeckPicture:
    """What the bytes of a file are, whatever its name says."""
    digest = hashlib.blake2b(data, digest_size=10).hexdigest()
    kind = next((kind for begins, kind in _BEGINNINGS if begins.match(data)), "")
    if not kind:
        return DeckPicture(name, digest, problem="by its bytes it is no PNG, JPEG, WebP, GIF, SVG, mp3, ogg or m4a")
    if kind == "image/svg+xml" and (problem := next(_svg_problems(data), "")):
        return DeckPicture(name, digest, kind, problem=problem)
    width, height = _size(data) if kind.startswith("image/") else (0, 0)
    if kind.startswith("image/") and kind != "image/svg+xml" and min(width, height) < 1:
        return DeckPicture(name, digest, kind, problem="it is damaged: it does not say how large it is")
    if width * height > MOST_PIXELS and kind != "image/svg+xml":
        said = f"it has {width:,} × {height:,} pixels, and {MOST_PIXELS // 1_000_000} million are the most"
        return DeckPicture(name, digest, kind, problem=f"{said}: make it smaller")
    return DeckPicture(name, digest, kind, max(width, 0), max(height, 0))


def _size(data: bytes) -> tuple[int, int]:
    import imagesize  # slow to import, and few decks need it

    try:
        width, height = imagesize.get(io.BytesIO(data))
        return round(width), round(height)
    except Exception:  # a damaged file fails in many ways
        return 0, 0


def _svg_problems(data: bytes) -> Iterator[str]:
    """What keeps an SVG from being shown, each with its line: scripts, parts of other languages, and links out."""
    parser = expat.ParserCreate(namespace_separator=" ")
    found: list[str] = []
    inside: list[str] = []

    def wrong(what: str) -> None:
        found.append(f"its line {parser.CurrentLineNumber} {what}")

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        inside.append(local)
        if len(inside) == 1 and name != f"{_SVG} svg":
            wrong(f'begins with <{local}>, not with <svg xmlns="{_SVG}">')
        elif (space == _SVG and local in ("script", "foreignObject", "handler")) or space.endswith("/xhtml"):
            wrong(f"has <{local}>, which can run a script or hold a page: save it without")
        for key, value in attributes.items():
            named = key.lower()
            said = value.strip().lower()
            if named.startswith("on") or (named == "attributename" and said.endswith("href")):
                wrong(f"has {key}, which can run a script: remove it")
            elif (key in _LINKS and not said.startswith(("#", "data:image/"))) or _LEADS_OUT.search(value):
                wrong(
                    f"leads out of the picture, to {value.strip()[:60]!r}: remove the link, or put in what it leads to"
                )

    def text(written: str) -> None:
        if inside[-1:] == ["style"] and _LEADS_OUT.search(written):
            wrong(f"leads out of the picture, with {written.strip()[:60]!r}: remove it")

    def instruction(target: str, _rest: str) -> None:
        if target == "xml-stylesheet":
            wrong("asks for a style sheet: put the styles in")

    parser.buffer_text = True
    parser.StartElementHandler, parser.CharacterDataHandler = begin, text
    parser.EndElementHandler = lambda _name: inside.pop()
    parser.ProcessingInstructionHandler = instruction
    parser.EntityDeclHandler = lambda *_entity: wrong("declares an entity: save it as plain SVG")
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        found.append(f"its line {error.lineno} is not valid XML: {expat.errors.messages[error.code]}")
    except ValueError:
        found.append("its line 1 names an encoding that is not read: save it as UTF-8")
    yield from found
