"""Renders Markdown blocks as safe HTML, and finds the links and the mistakes in them."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version

from app.cards.file.blocks import RAW, Block, References, Token, inline_tokens, plain, read_inline, to_html
from app.cards.render import highlight, maths
from app.cards.render.latex_source import Macros
from app.cards.render.link_target import BadTargetError, Target, target
from app.cards.render.sanitiser import CLEANER
from app.nearest import did_you_mean

# Change the number whenever unchanged Markdown renders differently: cards of another version are rendered again.
RENDERER = "4 " + " ".join(
    version(name) for name in ("markdown-it-py", "mdit-py-plugins", "math-core", "Pygments", "nh3")
)

FOLLOW_UP = "**They may ask next:**"
"""A paragraph that begins so links to the cards that an interviewer may ask next."""
LONGEST_FORMULA = 18
"""The most letters of a formula that fits into a line of the narrowest page; a longer one scrolls in its own box."""
_IN_ITS_OWN_BOX = '<span class="long" tabindex="0" role="group" aria-label="Formula">{}</span>'
_INVISIBLE = re.compile(r"<annotation.*?</annotation>|<[^>]*>|\s", re.DOTALL)
_STRAY_DOLLAR = (
    r"this $ neither opens nor closes a formula: write $x$ with no space inside, $$…$$ on lines of their own "
    r"without an empty line between, or \$ for a dollar"
)


@dataclass(frozen=True)
class Link:
    """A link as the author wrote it. `is_follow_up`: its paragraph lists what an interviewer may ask next."""

    line: int
    target: Target
    label: str
    is_follow_up: bool = False


@dataclass
class Rendered:
    """HTML, the links in it, and the mistakes in its source as (line, message)."""

    html: str = ""
    links: list[Link] = field(default_factory=list)
    mistakes: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """The file that Markdown comes from: its link definitions, its deck (for card: links that name none), its macros.

    `lines` are its lines of text, for the columns of mistakes. Without `show`, only links and mistakes are found.
    """

    references: References = field(default_factory=dict)
    deck: str = ""
    macros: Macros = ()
    lines: Sequence[str] = ()
    show: bool = True


def render(blocks: Iterable[Block], around: Surroundings) -> Rendered:
    """Render top-level blocks. Never raises."""
    renderer = _Renderer(around)
    tokens = [renderer.block_token(token, line) for token, line in read_inline(blocks, around.references)]
    for head, cell, end in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if head.type == "th_open" and cell.type == "inline" and not cell.content.strip():
            head.tag = end.tag = "td"  # the empty corner of a table with heads on two sides is not a head
    return renderer.finish(tokens)


def render_line(text: str, line: int, around: Surroundings) -> Rendered:
    """Render one line of inline text, such as a question. Links in it are mistakes."""
    renderer = _Renderer(around, is_line=True)
    children = renderer.inline(text, line, inline_tokens(text, around.references))
    if renderer.out.links:
        renderer.out.mistakes.append((line, "a question holds no link: put it into the answer"))
    kept = [token for token in children if token.type not in ("link_open", "link_close")]
    return renderer.finish([Token("inline", "", 0, children=kept)])


@lru_cache(maxsize=4_096)
def inline(text: str) -> str:
    """One line of Markdown with maths as safe HTML, without links. A formula with a mistake is shown as written."""
    return render_line(text, 1, Surroundings()).html


class _Renderer:
    """Makes parsed tokens ready to be written, and collects links and mistakes in `out`."""

    def __init__(self, around: Surroundings, is_line: bool = False) -> None:
        self.around, self.is_line = around, is_line
        self.out = Rendered()

    def finish(self, tokens: Sequence[Token]) -> Rendered:
        """Write the tokens."""
        written = to_html(tokens) if self.around.show else ""
        self.out.html = CLEANER.clean(written) if "<" in written else written
        return self.out

    def wrong(self, line: int, message: str) -> None:
        """Report a mistake."""
        self.out.mistakes.append((line, message))

    def block_token(self, token: Token, line: int) -> Token:
        """The token as it is written. Changes in the parsed token do not depend on how often it is rendered."""
        if token.type == "inline":
            token.children = self.inline(token.content, line, token.children or [])
        elif token.type in ("fence", "code_block"):
            return self.code(token, line)
        elif token.type == "math_block":
            formula = self.formula(token.content, line, display=True)
            return _raw(f'<div class="wide formula" tabindex="0" role="group" aria-label="Formula">{formula}</div>\n')
        elif token.type == "table_open":
            return _raw('<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n')
        elif token.type == "table_close":
            return _raw("</table></div>\n")
        elif token.tag in ("h1", "h2"):
            token.tag = "h3"  # the page's own headings are above
        elif style := token.attrGet("style"):
            token.attrs = {"class": str(style).removeprefix("text-align:")}
        return token

    def code(self, token: Token, line: int) -> Token:
        """A block of code, with colours if its language is known."""
        language = (token.info.split() or [""])[0]
        if not highlight.is_known(language):
            near = did_you_mean(language, highlight.known_languages()) or " Leave it out for plain text."
            self.wrong(line, f"unknown language {language!r} of a code fence.{near}")
        code = highlight.highlight(token.content, language)
        return _raw(f'<pre class="code" tabindex="0"><code>{code}</code></pre>\n')

    def inline(self, text: str, line: int, tokens: Sequence[Token]) -> list[Token]:
        """The tokens of inline text as they are written. `line` is the line on which the text begins."""
        kept: list[Token] = []
        is_follow_up = text.lstrip().startswith(FOLLOW_UP)
        link_is_hidden = False
        for index, token in enumerate(tokens):
            here = line + text.count("\n", 0, token.meta.get("at", 0))
            if token.type == "text":
                self.check_text(token.content, here)
            elif token.type == "text_special":
                token.type = "text"
            elif token.type.startswith("math_inline"):
                following = tokens[index + 1].content[:1] if index + 1 < len(tokens) else ""
                if following.isdigit():
                    self.wrong(here, f"a digit follows the formula ${token.content}$ at once: is a $ missing?")
                token = self.inline_formula(token, here)
            elif token.type == "image":
                self.wrong(here, "images are not shown: link a demo, or say it in words or a table")
                continue
            elif token.type == "link_open":
                end = next(at for at, inner in enumerate(tokens) if at > index and inner.type == "link_close")
                link_is_hidden = not self.link(token, here, plain(tokens[index + 1 : end]), is_follow_up)
                if link_is_hidden:
                    continue
            elif token.type == "link_close" and link_is_hidden:
                link_is_hidden = False
                continue
            kept.append(token)
        return kept

    def check_text(self, text: str, line: int) -> None:
        """Report what looks like markup and is not."""
        if "$" in text:
            self.wrong(line, _STRAY_DOLLAR)
        if "<!--" in text:
            self.wrong(line, "a comment would be shown as it is written: remove it, or write `<!--` as code")
        if "](" in text:
            self.wrong(line, "this link is malformed: write [words](address), the address without spaces")

    def link(self, token: Token, line: int, label: str, is_follow_up: bool) -> bool:
        """Give a link its address in the app. False if it must not be a link here."""
        try:
            to = target(str(token.attrGet("href") or ""), self.around.deck)
        except BadTargetError as error:
            self.wrong(line, str(error))
            return False
        self.out.links.append(Link(line, to, label, is_follow_up))
        if not label:
            self.wrong(line, f"the link to {to.written} has no words: write them between [ and ]")
        if to.address is None:
            return False
        token.attrs = {"href": to.address}
        if to.kind in ("demo", "card"):
            token.attrs["class"] = f"{to.kind}-link"
        elif to.kind == "web":
            token.attrs["rel"] = "noopener noreferrer"
        return True

    def inline_formula(self, token: Token, line: int) -> Token:
        """A formula in a line of text; one that is too wide gets its own box."""
        display = token.type.endswith("double")
        formula = self.formula(token.content, line, display)
        # About how many letters wide it is; parts above each other count as beside each other.
        is_wide = display or len(_INVISIBLE.sub("", formula)) > LONGEST_FORMULA
        return _raw(_IN_ITS_OWN_BOX.format(formula) if is_wide and not self.is_line else formula)

    def formula(self, latex: str, line: int, display: bool) -> str:
        """A formula that begins on a line as MathML, or as it is written if it has a mistake."""
        written = latex.strip()
        try:
            return maths.mathml(written, display, self.around.macros)
        except maths.MathsError as error:
            at = latex.find(written) + error.at
            line += latex.count("\n", 0, at)
            shown = " ".join(written.split())
            column = self.column(line, latex, at)
            self.wrong(line, f"in the formula ${shown[:60]}{'…' if len(shown) > 60 else ''}${column}: {error}")
            return f"<code>{html.escape(latex)}</code>"

    def column(self, line: int, latex: str, at: int) -> str:
        """Where a place in a formula stands in a line of the file, in words; empty if that is not to be found."""
        if not 1 <= line <= len(self.around.lines):
            return ""
        start = latex.rfind("\n", 0, at) + 1
        found = self.around.lines[line - 1].find(latex[start:].split("\n", 1)[0].strip())
        indent = len(latex[start:]) - len(latex[start:].lstrip(" \t"))
        return f" (column {found + at - start - indent + 1})" if found >= 0 else ""


def _raw(content: str) -> Token:
    return Token(RAW, "", 0, content=content)
