"""The parts of an answer: found while it is rendered, marked in its HTML, and told apart when a page shows it.

A part begins with a heading, or with a paragraph that opens with bold words and a colon (**Example:** …). In an answer
with such labels a paragraph that opens with other bold words (**A common mistake** is …) begins one as well. A
paragraph of nothing but links to demos is a part of its own. An answer without labels is one part.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from app.cards.file.blocks import Token

FOLLOW_UP = "**They may ask next:**"
"""A paragraph that begins so links to the cards that an interviewer may ask next."""
PART, DEMOS = "part", "part demos"
"""The classes of what opens a part, and of a paragraph of links to demos."""
LONGEST_LABEL = 40

_HEADING = re.compile(r"h[3-6]")
_COLONS = (":", "\uff1a")  # the second is that of Chinese and Japanese
_ARTICLE = re.compile(r"(?:an?|the)\s+(?=\S)", re.IGNORECASE)
_NO_WORDS = re.compile(r"[\s·•|,;.–—-]*")
_STARTS = re.compile(r'(?=<(?:p|h[3-6]) class="part)|(?=<ol class="notes")')
_LABELLED = re.compile(r'<p class="part"([^>]*)>\s*<strong>(.*?)</strong>\s*([:\uff1a]?)\s*(.*?)</p>\s*', re.DOTALL)
_HEADED = re.compile(r'<h[3-6] class="part"[^>]*>(.*?)</h[3-6]>\s*', re.DOTALL)
_LINKS = re.compile(r'<p class="part demos"[^>]*>(.*?)</p>\s*', re.DOTALL)
_LINK = re.compile(r"<a .*?</a>", re.DOTALL)


@dataclass(frozen=True)
class AnswerPart:
    """A part of an answer: its HTML, its label ("" if it has none), and in `demos` its links if it is one of demos."""

    html: str
    label: str = ""
    demos: tuple[str, ...] = ()


def mark_parts(tokens: Sequence[Token]) -> None:
    """Give the class PART or DEMOS to the tokens of rendered blocks that open a part."""
    opening = [one for one in tokens if one.type in ("heading_open", "paragraph_open") and not one.level]
    for token in opening:
        token.attrs.pop("class", None)  # blocks may be rendered again, among others
    headings = [token for token in opening if token.type == "heading_open"]
    highest = min((token.tag for token in headings), default="")
    bold = []
    is_labelled = bool(headings)
    for token, inline in pairwise(tokens):
        if token.type != "paragraph_open" or token.level or not inline.children:
            continue
        if _is_of_demos(inline.children):
            token.attrSet("class", DEMOS)
        elif label := _bold_label(inline.children):
            bold.append(token)
            is_labelled = is_labelled or label.endswith(_COLONS)
    for token in [one for one in headings if one.tag == highest] + (bold if is_labelled else []):
        token.attrSet("class", PART)


def _bold_label(children: Sequence[Token]) -> str:
    """The bold words that the text opens with, and the colon behind them; empty if there are none or too many."""
    words = [child for child in children if child.type != "text" or child.content]
    if not words or words[0].type != "strong_open":
        return ""
    end = next(at for at, child in enumerate(words) if child.type == "strong_close" and child.level == words[0].level)
    if any(child.type in ("link_open", "strong_open") for child in words[1:end]):
        return ""  # a link is there to be pressed, and bold words within bold ones are rather a slip
    label = "".join(child.content for child in words[1:end]).strip()
    behind = words[end + 1].content.lstrip()[:1] if end + 1 < len(words) else ""
    return (label + (behind if behind in _COLONS else "")) if len(label) <= LONGEST_LABEL else ""


def _is_of_demos(children: Sequence[Token]) -> bool:
    """True if the text is links to demos, with nothing but signs between them."""
    depth, found = 0, False
    for child in children:
        if child.type == "link_open":
            found = child.attrGet("class") == "demo-link"
            if not found:
                return False
        depth += child.nesting
        is_word = child.type != "text" or not _NO_WORDS.fullmatch(child.content)
        if not depth and is_word and child.type not in ("link_close", "softbreak", "hardbreak"):
            return False
    return found


@lru_cache(maxsize=512)
def parts(answer_html: str) -> tuple[AnswerPart, ...]:
    """The parts of an answer's HTML as `render` wrote it, in their order."""
    found = (part for chunk in _STARTS.split(answer_html) for part in _parts_of(chunk))
    return tuple(part for part in found if part.label or part.html.strip())


def _parts_of(chunk: str) -> Iterator[AnswerPart]:
    if found := _LINKS.match(chunk):
        yield AnswerPart(found[0], demos=tuple(_LINK.findall(found[1])))
        yield AnswerPart(chunk[found.end() :])
    elif found := _HEADED.match(chunk):
        yield AnswerPart(chunk[found.end() :], found[1])
    elif found := _LABELLED.match(chunk):
        attributes, bold, colon, words = found.groups()
        rest = chunk[found.end() :]
        if colon or bold.endswith(_COLONS):
            first = f"<p{attributes}>{words}</p>\n" if words else ""
            yield AnswerPart(first + rest, _shown(bold.rstrip("".join(_COLONS)).strip()))
        else:  # the words belong to the sentence, and stay in it
            yield AnswerPart(f"<p{attributes}>{bold} {words}</p>\n{rest}", _shown(_ARTICLE.sub("", bold, count=1)))
    else:
        yield AnswerPart(chunk)


def _shown(label: str) -> str:
    label = "Follow-up" if label == FOLLOW_UP.strip("*:") else label
    return label[:1].upper() + label[1:]
