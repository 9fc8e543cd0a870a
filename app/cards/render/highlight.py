"""Source code to HTML with classes: the one door to Pygments."""

import html
from functools import lru_cache

from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers, get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

LONGEST = 20_000
_ALIASES = {
    "plaintext": "text",
    "plain": "text",
    "txt": "text",
    "ipython3": "python",
    "ipython": "python",
    "jsonl": "json",
}
CLASSES = frozenset(name for name in STANDARD_TYPES.values() if name)
_FORMATTER = HtmlFormatter(nowrap=True)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(_ALIASES.get(language, language), stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def is_known(language: str) -> bool:
    """True if a fence can name this language ("" is plain text)."""
    return not language or _lexer(language) is not None


def known_languages() -> list[str]:
    """Every name of a language that a fence can have."""
    return sorted(alias for _name, aliases, _files, _types in get_all_lexers() for alias in aliases)


@lru_cache(maxsize=256)
def highlight(source: str, language: str = "") -> str:
    """The source as escaped HTML, with <span class="…"> around words and Pygments' short class names.

    An unknown language, or more than LONGEST characters, gives plain escaped text.
    """
    lexer = _lexer(language) if language and len(source) <= LONGEST else None
    return pygments_highlight(source, lexer, _FORMATTER) if lexer else html.escape(source)
