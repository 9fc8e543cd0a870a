"""Names markup of other programs, which would be shown as it is typed, and says what to write in its place.

What Recur learns to read is taken out of the tables here.
"""

import re
from collections.abc import Iterator

from app.cards.file.more_markdown import DELIMITER_ROW

_TAGS = {
    **dict.fromkeys(("b", "strong"), "**words**"),
    **dict.fromkeys(("i", "em"), "*words*"),
    **dict.fromkeys(("s", "del", "strike"), "~~words~~"),
    **dict.fromkeys(("code", "tt", "samp"), "`words`"),
    **{"a": "[words](address)", "pre": "a line of ``` before and after", "li": "- words", "hr": "a line of ---"},
    **{"math": "$…$", "p": "an empty line", "div": "an empty line", "blockquote": "> words"},
    **dict.fromkeys(("ul", "ol"), "- words"),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "### words"),
    **dict.fromkeys(("table", "tr", "td", "th", "thead", "tbody"), "| a | b |"),
    **dict.fromkeys(("sub", "sup", "kbd"), "both <{0}> and </{0}>"),
}
_MORE_TAGS = (
    *("u", "ins", "mark", "big", "small", "font", "center", "span", "img", "figure", "figcaption", "details"),
    *("dl", "dt", "dd", "abbr", "cite", "q", "var", "section", "article", "header", "footer", "nav", "main", "aside"),
    *("iframe", "video", "audio", "source", "script", "style", "input", "button", "form", "label", "select", "option"),
    *("textarea", "object", "embed", "link", "meta", "html", "body", "head", "title", "svg", "col", "colgroup"),
    *("caption", "address", "time", "wbr", "summary"),
)
TAG = re.compile(rf"</?({'|'.join({*_TAGS, *_MORE_TAGS})})(?:\s[^<>]*|/)?>", re.IGNORECASE)
"""A tag of HTML. Anything else between < and >, such as <eos>, is text."""

_NOTE = re.compile(r"\[\^[^\]\s]+\]")


def _compiled(table: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.MULTILINE), message) for pattern, message in table.items()]


_HIDES = "hides words in the question or in the first paragraph alone: move it there, or write **…**"
CLOZE = _compiled({r"\{\{c\d+::": f"{{{{c1::…}}}} {_HIDES}", r"==[^\s=][^=]*==": f"==…== {_HIDES}"})
"""Marks of hidden words where none can be hidden; `app/cards/file/sides.py` reads the others."""
ANYWHERE = _compiled(
    {
        r"\[\[[^\[\]]+\]\]": "a link in [[…]] is not read: write [words](card:id), or [words](other-topic.md)",
        r"\[@[\w:-]+": "a citation [@…] is not read: write [Elman 1990](paper:elman-1990)",
        r"\^\[[^\]]*": "a note in ^[…] is not read: write [^1] here, and [^1]: with its words on a line of its own",
        r"(?<=\w)\^[^\s^]{1,20}\^": "x^2^ is shown as it is: write x<sup>2</sup>, or $x^2$",
        r"(?<=\w)~[^\s~]{1,20}~(?!~)": "H~2~O is shown as it is: write H<sub>2</sub>O, or $H_2O$",
        r"\[!(?i:note|tip|important|warning|caution)\]": "[!…] is shown as it is: write **Note:**",
        r"\{%.*?%\}": "{% … %} is shown as it is: remove it, or put ` around it",
        r"\{[:.][\w ][^{}]*\}": "{.…} gives no style here: remove it, or put ` around it",
        r"%%[^%]+%%": "a comment in %%…%% is shown as it is: remove it",
        r"(?<![\w:]):[a-z][a-z_]{2,20}:(?![\w:])": "a picture by its :name: is shown as it is: type the sign itself",
        r"\[(?:TOC|toc)\]": "[TOC] lists nothing here: remove it",
    }
)
"""Markup within a line of text."""
BOXES = _compiled(
    {
        r"^[ \t>]*:{3,}.*$": "::: makes no box here: remove it, or quote the text with >",
        r"^[ \t>]*(?:!!!|\?\?\?\+?) ?\w.*$": "!!! makes no box here: quote the text with >",
        r"^[ \t>]*\.\. [a-z-]+::.*$": ".. name:: is reStructuredText: write Markdown in its place",
        r"^#\+[A-Za-z_]+": "#+… is Org's: write Markdown in its place",
    }
)
"""Markup that begins a line of a paragraph."""
_MAY_BE_IN_TEXT = re.compile(r"[<{\[^~:]|==|%%")
_MAY_BE_AT_A_START = re.compile(r":::|!!!|\?\?\?|\.\. |#\+|\|")
"""What no text without foreign markup need have: most texts are done with at once."""
_NO_TABLE = "this makes no table: the line above it must have as many cells as this one, and no line comes before"


def in_text(text: str) -> Iterator[tuple[int, str]]:
    """What is foreign within text that is neither code nor a formula, as (offset, message)."""
    if not _MAY_BE_IN_TEXT.search(text):
        return
    opened = set()
    for found in TAG.finditer(text):
        name = found[1].lower()
        if found[0].startswith("</") and name in opened:
            continue
        opened.add(name)
        instead = f"write {_TAGS[name].format(name)}" if name in _TAGS else "write Markdown in its place"
        yield found.start(), f"{found[0][:40]} is not read as HTML: {instead}, or put ` around it to show it"
    for pattern, message in (*CLOZE, *ANYWHERE):
        yield from ((found.start(), message) for found in pattern.finditer(text))


def at_starts(text: str) -> Iterator[tuple[int, str]]:
    """What is foreign at the start of a line of a paragraph, as (offset, message)."""
    if not _MAY_BE_AT_A_START.search(text):
        return
    for pattern, message in (*BOXES, (DELIMITER_ROW, _NO_TABLE)):
        yield from ((found.start(), message) for found in pattern.finditer(text))


def marks(text: str) -> dict[int, str]:
    """Whatever is foreign in a text, as it is typed, by its place."""
    patterns = (TAG, _NOTE, *(pattern for pattern, _message in ANYWHERE))
    found = {match.start(): match[0] for pattern in patterns for match in pattern.finditer(text)}
    for pattern, _message in BOXES:
        typed = [(match.end(), match[0].lstrip(" \t>")) for match in pattern.finditer(text)]
        found |= {end - len(mark): mark for end, mark in typed}
    return found


def disarmed(text: str) -> str:
    """The text with a backslash before whatever is foreign in it, so that it is shown as it is and not named.

    Marks of hidden words and tables are left as they are.
    """
    found = marks(text)
    return "".join("\\" * (at in found) + letter for at, letter in enumerate(text)) if found else text
