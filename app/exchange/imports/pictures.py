"""Brings the pictures and sounds of an imported file into a deck's folder, under names that every system can hold."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from urllib.parse import quote, unquote

from app.cards.file.parse import slug
from app.cards.file.pictures import LARGEST_PICTURE, DeckPicture, picture_of
from app.exchange.imports.draft import Harmless, Media, NoPictureError, Unfinished
from app.exchange.imports.markdown.mend import escape

FOLDER = "img"
"""The folder within the deck's."""
LARGEST_TOGETHER = 500_000_000
_ENDINGS = {
    **{"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg"},
    **{"audio/mpeg": "mp3", "audio/ogg": "ogg", "audio/mp4": "m4a"},
}
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names of devices, which no file can have on Windows."""
OURS = re.compile(r"recur-[0-9a-f]{20}-(?=.)")
"""What our own export puts before a name."""
_SHOWN = re.compile(r"!\[[^\[\]]*\]\(\s*(?:<([^<>\n]+)>|([^()\s<>]+))|src=[\"']{1,2}([^\"'<>]+)")
_EMBEDDED = re.compile(r"!\[\[([^\[\]|#\n]*[^\[\]|#\n\\])")
_SOUND = re.compile(r"(?i).*\.(mp3|og[ga]|opus|m4[ab]|wav|flac|aac|spx|wma)")
_FILM = re.compile(r"(?i).*\.(mp4|m4v|webm|mkv|avi|mov|mpe?g|flv|ogv|3gp|wmv)")


class Pictures:
    """Takes the pictures that cards show. `scratch` is a folder for their files, `here` are those of the deck.

    `taken` are the new ones, by their names in the deck's folder; `all` are these and those of the deck.
    """

    def __init__(self, media: Media, here: Iterable[DeckPicture], scratch: Path) -> None:
        self.media, self.scratch = media, scratch
        here = tuple(here)
        self.all = [one for one in here if not one.problem]
        self.taken: dict[str, Path] = {}
        self._names = {one.name.casefold() for one in here}
        self._by_digest = {one.digest: one for one in self.all}
        self._alike = {_alike(name): name for name in reversed(tuple(media))}
        self._known: dict[str, DeckPicture | NoPictureError] = {}
        self._left = LARGEST_TOGETHER

    def shown(self, address: str, words: str, told: list[str]) -> str:
        """Return Markdown that shows a picture, or the `words` alone if that is impossible. `told` says why.

        Without words it gets its name's, and the author is asked for better ones. For a sound, its name will do.
        """
        name = address if address in self.media else self._alike.get(_alike(address), address)
        if name not in self._known:
            try:
                self._known[name] = self._take(name)
            except NoPictureError as error:
                self._known[name] = error
        found = self._known[name]
        if isinstance(found, NoPictureError):
            told.append(f"the {_kind(name)} {name} is left out: {found}")
            return words
        if found.name not in (name, f"{FOLDER}/{OURS.sub('', name)}"):
            told.append(Harmless(f"the {_kind(name)} {name} is saved as {found.name}"))
        if not words.strip():
            words = escape(_stem(name))
            if not found.is_sound:
                told.append(Unfinished(f"say what the picture {found.name} shows, for those who cannot see it"))
        is_plain = re.fullmatch(r"[\w./-]+", found.name)
        return f"![{words}]({found.name if is_plain else quote(found.name)})"

    def shown_in(self, text: str) -> dict[str, Path]:
        """The files of those taken that a text shows, by their names in the deck's folder."""
        return {name: file for name, file in self.taken.items() if f"]({name})" in text}

    def unused(self) -> list[str]:
        """The names of what came with the file, and was not asked for."""
        return sorted(self.media.keys() - self._known.keys())

    def _take(self, name: str) -> DeckPicture:
        if name not in self.media:
            raise NoPictureError("it did not come with the file")
        if _kind(name) == "film":
            raise NoPictureError("cards show no films")
        data = self.media[name]()
        if len(data) > LARGEST_PICTURE:
            raise NoPictureError(f"it has more than {LARGEST_PICTURE // 1_000_000} MB")
        found = picture_of("", data)
        if found.problem:
            raise NoPictureError(found.problem)
        if there := self._by_digest.get(found.digest):
            return there
        self._left -= len(data)
        if self._left < 0:
            raise NoPictureError(f"with it, more than {LARGEST_TOGETHER // 1_000_000} MB of pictures would come in")
        path = self._free(name, _ENDINGS[found.media_type])
        file = self.scratch / f"{len(self.taken)}.{path.rpartition('.')[2]}"
        file.write_bytes(data)
        taken = DeckPicture(path, found.digest, found.media_type, found.width, found.height)
        self.all.append(taken)
        self.taken[path] = file
        self._by_digest[found.digest] = taken
        return taken

    def _free(self, name: str, ending: str) -> str:
        stem = slug(_stem(name))
        stem = f"picture-{stem}" if _RESERVED.fullmatch(stem) else stem
        number, path = 1, f"{FOLDER}/{stem}.{ending}"
        while path in self._names:
            number += 1
            path = f"{FOLDER}/{stem}-{number}.{ending}"
        self._names.add(path)
        return path


def beside(path: Path, text: str) -> Media:
    """The pictures and sounds that the text of a file shows and that lie in its folder, or in a folder within it.

    One that ![[…]] shows by its name alone may be anywhere in Obsidian's vault.
    """
    folder = path.parent.resolve()
    found: dict[str, Callable[[], bytes]] = {}
    vault = next((one for one in (folder, *folder.parents) if (one / ".obsidian").is_dir()), None)
    wanted = {one[1].strip() for one in _EMBEDDED.finditer(text) if "\0" not in one[1]}
    for root in (one for one in (vault, folder) if one):
        for full, name in ((root / name, name) for name in wanted):
            if full.resolve().is_relative_to(root) and full.is_file():
                found[name] = partial(_bytes, full)
    if vault and (missing := wanted - found.keys()):
        for full in sorted(vault.rglob("*")):
            if full.name in missing and full.is_file() and full.resolve().is_relative_to(vault):
                found.setdefault(full.name, partial(_bytes, full))
    for name in {one[1] or one[2] or one[3] for one in _SHOWN.finditer(text)}:
        full = Path(folder, unquote(name)).resolve() if "\0" not in unquote(name) else folder
        if full.is_relative_to(folder) and full.is_file():
            found[name] = partial(_bytes, full)
    return found


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_PICTURE + 1)
    except OSError as error:
        raise NoPictureError(f"it cannot be read: {error.strerror}") from None


def _stem(name: str) -> str:
    base = OURS.sub("", re.split(r"[/\\]", name)[-1])
    return base.rpartition(".")[0] or base


def _alike(name: str) -> str:
    """What a name and its address in a text have in common, whatever their spaces and signs of percent."""
    return " ".join(unicodedata.normalize("NFC", unquote(name)).split())


def _kind(name: str) -> str:
    return "sound" if _SOUND.fullmatch(name) else "film" if _FILM.fullmatch(name) else "picture"
