"""Markdown blocks to safe HTML: the one door to the sanitiser.

Nothing here comes from the page around it: no ids, no styles, no handlers, no htmx attributes, and no address but
http(s) and our own pages.
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version

import nh3
from markdown_it.token import Token

from app.cards.file.blocks import MARKDOWN, Block, References, inline_tokens, plain
from app.cards.file.mistake import nearest
from app.cards.render import highlight as code
from app.cards.render import maths
from app.cards.render.link_target import BadTargetError, Target, target

# Whatever changes the rows of unchanged Markdown belongs in here: cards rendered under another version are redone.
RENDERER = "3 " + " ".join(
    version(name) for name in ("markdown-it-py", "mdit-py-plugins", "latex2mathml", "Pygments", "nh3")
)

FOLLOW_UP = "**They may ask next:**"
"""How a paragraph begins whose links to cards are what an interviewer may ask next."""

_TEXT_TAGS = {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "span", "div", "a"}
_TAGS = _TEXT_TAGS | {"h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"} | set(maths.ELEMENTS)
CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={
        "a": {"href", "rel"},
        "ol": {"start"},
        "div": {"tabindex", "role", "aria-label"},
        "pre": {"tabindex"},
        "span": {"tabindex", "role", "aria-label"},
        **dict.fromkeys(maths.ELEMENTS, maths.ATTRIBUTES),
    },
    allowed_classes={
        "a": {"demo-link", "card-link"},
        "div": {"wide", "formula"},
        "pre": {"code"},
        "span": set(code.CLASSES) | {"long"},
        "th": {"left", "center", "right"},
        "td": {"left", "center", "right"},
    },
    url_schemes={"http", "https"},
    link_rel=None,
)
LONGEST_FORMULA = 18
"""Letters of a formula that fit beside others into the narrowest page; a longer one scrolls in its own box."""
_IN_ITS_OWN_BOX = '<span class="long" tabindex="0" role="group" aria-label="Formula">{}</span>'
_NOT_SEEN = re.compile(r"<annotation.*?</annotation>|<[^>]*>|\s", re.DOTALL)
_STRAY_DOLLAR = (
    r"this $ neither opens nor closes a formula: write $x$ with no space inside, $$…$$ on lines of their own "
    r"without an empty line between, or \$ for a dollar"
)


@dataclass(frozen=True)
class Link:
    """A link as the author wrote it. `is_follow_up`: its paragraph says what an interviewer may ask next."""

    line: int
    target: Target
    label: str
    is_follow_up: bool = False


@dataclass
class Rendered:
    """HTML, the links in it, and what is wrong with its source as (line, message)."""

    html: str = ""
    links: list[Link] = field(default_factory=list)
    mistakes: list[tuple[int, str]] = field(default_factory=list)


def render(blocks: Iterable[Block], references: References, deck: str, show: bool = True) -> Rendered:
    """Render top-level blocks. `deck` is where a card: link without a deck leads. Never raises.

    Without `show` only the links and the mistakes are found.
    """
    out = Rendered()
    tokens: list[Token] = []
    for block in blocks:
        line = block.line
        for token in block.tokens:
            line = token.map[0] + 1 if token.map else line
            tokens.append(_block_token(token, line, references, deck, out))
    for head, cell, end in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if head.type == "th_open" and cell.type == "inline" and not cell.content.strip():
            head.tag = end.tag = "td"  # the corner of a table with heads on two sides is the head of nothing
    out.html = _html(tokens) if show else ""
    return out


def render_line(text: str, line: int, references: References, show: bool = True) -> Rendered:
    """Render one line of inline text, such as a question, in which links are mistakes."""
    out = Rendered()
    children = _children(text, line, references, "", out, is_line=True)
    if out.links:
        out.mistakes.append((line, "a question holds no link: put it into the answer"))
    kept = [token for token in children if token.type not in ("link_open", "link_close")]
    out.html = _html([Token("inline", "", 0, children=kept)]) if show else ""
    return out


@lru_cache(maxsize=4_096)
def inline(text: str) -> str:
    """One line of Markdown with maths as safe HTML, without links. A formula that fails is shown as it is written."""
    return render_line(text, 1, {}).html


def _html(tokens: list[Token]) -> str:
    written = MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}).strip()
    return CLEANER.clean(written) if "<" in written else written


def _block_token(token: Token, line: int, references: References, deck: str, out: Rendered) -> Token:
    """The token as the renderer needs it. What is changed in the parsed one is the same at every rendering."""
    made = token
    if token.type == "inline":
        token.children = _children(token.content, line, references, deck, out)
    elif token.type in ("fence", "code_block"):
        words = token.info.split()
        language = words[0] if words else ""
        if not code.is_known(language):
            near = nearest(language, code.known_languages())
            out.mistakes.append(
                (line, f"unknown language {language!r} of a code fence.{near or ' Leave it out for plain text.'}")
            )
        made = _ready(f'<pre class="code" tabindex="0"><code>{code.highlight(token.content, language)}</code></pre>\n')
    elif token.type == "math_block":
        formula = _formula(token.content, line, True, out)
        made = _ready(f'<div class="wide formula" tabindex="0" role="group" aria-label="Formula">{formula}</div>\n')
    elif token.type == "table_open":
        made = _ready('<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n')
    elif token.type == "table_close":
        made = _ready("</table></div>\n")
    elif token.tag in ("h1", "h2"):
        token.tag = "h3"  # the page's own headings are above
    elif style := token.attrGet("style"):
        token.attrs = {"class": str(style).removeprefix("text-align:")}
    return made


def _children(
    text: str, line: int, references: References, deck: str, out: Rendered, is_line: bool = False
) -> list[Token]:
    children: list[Token] = []
    tokens = inline_tokens(text, references)
    hidden_link = False
    for index, token in enumerate(tokens):
        here = line + text.count("\n", 0, token.meta.get("at", 0))
        if token.type == "text":
            _check_text(token.content, here, out)
        elif token.type == "text_special":
            token.type = "text"
        elif token.type.startswith("math_inline"):
            following = tokens[index + 1].content[:1] if index + 1 < len(tokens) else ""
            if following.isdigit():
                out.mistakes.append((here, f"a digit follows the formula ${token.content}$ at once: is a $ missing?"))
            formula = _formula(token.content, here, token.type.endswith("double"), out)
            is_wide = not is_line and (token.type.endswith("double") or _width(formula) > LONGEST_FORMULA)
            token = _ready(_IN_ITS_OWN_BOX.format(formula) if is_wide else formula)
        elif token.type == "image":
            out.mistakes.append((here, "images are not shown: link a demo, or say it in words or a table"))
            continue
        elif token.type == "link_open":
            words = []
            for inner in tokens[index + 1 :]:
                if inner.type == "link_close":
                    break
                words.append(inner)
            is_follow_up = text.lstrip().startswith(FOLLOW_UP)
            if hidden_link := not _point(token, here, plain(words), is_follow_up, deck, out):
                continue
        elif token.type == "link_close" and hidden_link:
            hidden_link = False
            continue
        children.append(token)
    return children


def _check_text(text: str, line: int, out: Rendered) -> None:
    if "$" in text:
        out.mistakes.append((line, _STRAY_DOLLAR))
    if "<!--" in text:
        out.mistakes.append((line, "a comment would be shown as it is written: remove it, or write `<!--` as code"))
    if "](" in text:
        out.mistakes.append((line, "this link is malformed: write [words](address), the address without spaces"))


def _point(token: Token, line: int, label: str, is_follow_up: bool, deck: str, out: Rendered) -> bool:
    """Give a link its address in the app. False when it must not be a link here."""
    try:
        to = target(str(token.attrGet("href") or ""))
    except BadTargetError as error:
        out.mistakes.append((line, str(error)))
        return False
    out.links.append(Link(line, to, label, is_follow_up))
    if not label:
        out.mistakes.append((line, f"the link to {to.written} has no words: write them between [ and ]"))
    address = to.address(deck)
    if address is None:
        return False
    token.attrs = {"href": address}
    if to.kind in ("demo", "card"):
        token.attrs["class"] = f"{to.kind}-link"
    elif to.kind == "web":
        token.attrs["rel"] = "noopener noreferrer"
    return True


def _formula(latex: str, line: int, display: bool, out: Rendered) -> str:
    try:
        return maths.mathml(latex.strip(), display)
    except maths.MathsError as error:
        shown = " ".join(latex.split())
        out.mistakes.append((line, f"in the formula ${shown[:60]}{'…' if len(shown) > 60 else ''}$: {error}"))
        return f"<code>{html.escape(latex)}</code>"


def _width(mathml: str) -> int:
    """About how many letters wide a formula is; parts above each other count as beside each other."""
    return len(_NOT_SEEN.sub("", mathml))


def _ready(content: str) -> Token:
    return Token("ready", "", 0, content=content)


MARKDOWN.add_render_rule("ready", lambda self, tokens, index, options, env: tokens[index].content)
