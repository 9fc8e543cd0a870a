"""What earlier checks found in files that have not changed since, so that a check parses only what is new."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from app.cards.check.judge import Others
from app.cards.file.files import OpenedFile
from app.cards.file.mistake import Mistake
from app.cards.render.prepare import ReadyFile
from app.cards.render.render import RENDERER
from app.whole_file import replace_file

APP = Path(__file__).parents[2]


class CheckCache:
    """Prepared files by path and digest; with a `place`, stored there for the next process.

    `others` may know which stored card has a name that two cards claim.
    A place that cannot be read, or holds something else, is an empty cache. One that cannot be written is ignored.
    """

    def __init__(self, place: Path | None = None, others: Others | None = None) -> None:
        self.others = others
        self._place = place
        self._files = _read(place) if place else {}
        self.context = _code_digest()

    def recall(self, opened: Iterable[OpenedFile]) -> dict[str, ReadyFile]:
        """What was found in those of the files that have not changed, by path."""
        known = {}
        for one in opened:
            ready = self._files.get(one.file.path)
            if ready and ready.digest == one.digest:
                known[one.file.path] = replace(ready, found=one.file)
        return known

    def keep(self, files: Sequence[ReadyFile], is_news: bool) -> None:
        """Remember these files and no others."""
        if not is_news and len(files) == len(self._files):
            return
        self._files = {file.found.path: file for file in files if file.is_text}
        if self._place is None:
            return
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            bare = {path: replace(one, found=replace(one.found, pictures=())) for path, one in self._files.items()}
            replace_file(self._place, _adapter().dump_json(bare))
        except OSError:
            return  # without a cache, a check is only slower


def found_once(folder: Path | None, look: Callable[[], list[Mistake]]) -> list[Mistake]:
    """What is wrong with the demos' words, as `look` says, unless they were right in an earlier check.

    That is kept in the folder of the caches.
    """
    every = hashlib.blake2b(_code_digest().encode(), digest_size=16)
    for source in sorted(path for path in APP.rglob("*") if path.suffix in (".py", ".md")):
        every.update(source.read_bytes())
    stamp = folder / f"demos-{every.hexdigest()}" if folder else None
    if stamp and stamp.exists():
        return []
    found = look()
    if stamp and not found:
        with suppress(OSError):
            stamp.parent.mkdir(parents=True, exist_ok=True)
            for old in stamp.parent.glob("demos-*"):
                old.unlink()
            stamp.touch()
    return found


def place_for(content_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the cache of a content folder is: in the user's cache folder, which may be emptied at any time."""
    folder = environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    name = hashlib.blake2b(str(content_dir.resolve()).encode(), digest_size=8).hexdigest()
    return Path(folder) / "recur" / f"check-{name}.json"


def _read(place: Path) -> dict[str, ReadyFile]:
    try:
        return _adapter().validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return {}


@cache
def _adapter() -> TypeAdapter[dict[str, ReadyFile]]:
    return TypeAdapter(dict[str, ReadyFile])


@cache
def _code_digest() -> str:
    """A digest of all the code that decides what is found in a file: when it changes, the cache is empty."""
    whole = hashlib.blake2b(RENDERER.encode(), digest_size=16)
    for source in sorted(Path(__file__).parent.parent.rglob("*.py")):
        whole.update(source.read_bytes())
    return whole.hexdigest()
