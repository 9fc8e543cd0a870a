"""Renders Markdown blocks as safe HTML, and finds the links and the mistakes in them."""

import html
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from itertools import chain
from urllib.parse import quote, unquote

from app.cards.file.blocks import (
    RAW,
    TYPEWRITTEN,
    Block,
    References,
    Token,
    inline_tokens,
    plain,
    read_inline,
    texts_of,
    to_html,
    typographic,
)
from app.cards.file.more_markdown import NOTE_REFERENCE, TAG
from app.cards.file.pictures import KINDS, DeckPicture
from app.cards.render import foreign, highlight, maths
from app.cards.render.latex_source import Macros
from app.cards.render.link_target import BadTargetError, Target, target
from app.cards.render.parts import FOLLOW_UP, mark_parts
from app.cards.render.sanitiser import CLEANER, WITH_PICTURES
from app.nearest import did_you_mean

# Change the number whenever unchanged Markdown renders differently: cards of another version are rendered again.
RENDERER = "14 " + " ".join(
    version(name) for name in ("markdown-it-py", "mdit-py-plugins", "math-core", "Pygments", "nh3")
)

_ANY_TAG = re.compile(r"<[^>]*>")
LONGEST_FORMULA = 18
"""The most letters of a formula that fits into a line of the narrowest page; a longer one scrolls in its own box."""
_IN_ITS_OWN_BOX = '<span class="long" tabindex="0" role="group" aria-label="Formula">{}</span>'
_PLACE = re.compile(r'<math display="(\d+)"></math>')
_CLEAN = re.compile(
    r'(?:[^<>&"\x00-\x09\x0b-\x1f\x7f-\xa0]++|</?(?:p|ul|ol|li|em|strong|code)>|&(?:lt|gt|amp);'
    r'|<math display="\d+"></math>)*+'
)
"""HTML that the sanitiser would leave as it is, in a twentieth of its time."""
_DRAWINGS = ("mermaid", "plantuml", "tikz", "vega-lite", "abc", "flow", "sequence")
_TASK = re.compile(r"\[([ xX])\](?:\s+|$)")
_IN_CODE = re.compile(r"^`([^`]+)`$")
_PRICES = re.compile(r"\d[\d.,]*[kKmM]?\s+[A-Za-z]{2,}\b[^\\=^_]*$")
_COMMAND = re.compile(r"\\[a-zA-Z]{2,}")
_TEX = re.compile(r"\\[a-zA-Z]|[_^]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LETTER = re.compile(r"[^\W\d_]")
_STRAY_DOLLAR = (
    r"this $ does not open or close a formula: write $x$ with no space inside, $$…$$ on lines of their own "
    r"without an empty line between, or \$ for a dollar"
)

_PROSE = re.compile(
    r"(?!:)(?:[\w ,;)/]++|\((?!\()|\.(?!\. )|[-%=?!+](?![-%=?!+])|:(?=[ \n]|\Z)|\n(?![ :①-⑳❶-❿]|\w{1,2}[.)] ))*+"
)


def is_prose(text: str) -> bool:
    """True if inline text has nothing but words: its HTML is itself, and nothing in it can be a mistake."""
    plain_words = (
        _PROSE.fullmatch(text) and "_" not in text and " \n" not in text and not text.endswith(" ") and "Ã" not in text
    )
    return bool(plain_words) and (text.isascii() or not _RIGHT_TO_LEFT.search(text))


@dataclass(frozen=True)
class Link:
    """A link as the author wrote it. `is_follow_up`: its paragraph lists what an interviewer may ask next.

    `is_figure`: the demo's figure is shown in its place.
    """

    line: int
    target: Target
    label: str
    is_follow_up: bool = False
    is_figure: bool = False


@dataclass
class Rendered:
    """HTML, the links in it, and the mistakes in its source as (line, message)."""

    html: str = ""
    links: list[Link] = field(default_factory=list)
    mistakes: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Surroundings:
    """The file that Markdown comes from: its link definitions, its deck (for card: links that name none), its macros.

    `lines` are its lines of text, for the columns of mistakes; `notes` are its footnotes, and `numbers` those of them
    that a card has used; `pictures` are its deck's. Without `show`, only links and mistakes are found. Quotes and
    dashes are typographic unless they must stay `as_written`.
    """

    references: References = field(default_factory=dict)
    deck: str = ""
    macros: Macros = ()
    lines: Sequence[str] = ()
    notes: Mapping[str, Block] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    show: bool = True
    pictures: Sequence[DeckPicture] = ()
    as_written: bool = False


def render(blocks: Sequence[Block], around: Surroundings, with_notes: bool = True) -> Rendered:
    """Render top-level blocks, and below them the footnotes of `around` that are not written yet. Never raises."""
    if not around.numbers and all(block.kind == "paragraph" and is_prose(block.text) for block in blocks):
        return Rendered("\n".join([f"<p>{block.text}</p>" for block in blocks]) if around.show else "")
    renderer = _Renderer(around)
    tokens = renderer.blocks(blocks)
    written = 0
    while with_notes and written < len(around.numbers):  # a footnote may refer to others
        labels = list(around.numbers)[written:]
        first = Token(
            "ordered_list_open", "ol", 1, attrs={"class": "notes"} | ({"start": written + 1} if written else {})
        )
        items = [
            [
                Token("list_item_open", "li", 1),
                *renderer.blocks([around.notes[label]]),
                Token("list_item_close", "li", -1),
            ]
            for label in labels
        ]
        tokens += [first, *chain.from_iterable(items), Token("ordered_list_close", "ol", -1)]
        written += len(labels)
    if with_notes:
        around.numbers.clear()
    if around.show:
        mark_parts(tokens)
        _set_directions(tokens)
    return renderer.finish(tokens)


def render_line(text: str, line: int, around: Surroundings, what: str = "question") -> Rendered:
    """Render one line of inline text: a question, or a point. Links in it are mistakes, and pictures of a point."""
    if is_prose(text):
        return Rendered(text if around.show else "")
    renderer = _Renderer(around, is_line=True)
    children = renderer.inline(text, line, inline_tokens(text, around.references))
    if any(link.target.kind != "picture" and not link.is_figure for link in renderer.out.links):
        renderer.wrong(line, f"a {what} cannot contain a link: put it into the answer")
    if what == "point" and any(link.target.kind == "picture" for link in renderer.out.links):
        renderer.wrong(line, "a point cannot show a picture: put it into the answer")
    if around.numbers:
        renderer.wrong(line, f"a {what} cannot contain a footnote: put it into the answer")
        around.numbers.clear()
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
        self.formulas: list[str] = []
        self.has_html = False

    def finish(self, tokens: Sequence[Token]) -> Rendered:
        """Write the tokens."""
        if not self.around.show:
            return self.out
        written = to_html(tokens)
        cleaner = WITH_PICTURES if "<img" in written or "<audio" in written else CLEANER
        cleaned = written if not self.has_html and _CLEAN.fullmatch(written) else cleaner.clean(written)
        if self.formulas:
            cleaned = maths.glued(_PLACE.sub(lambda found: self.formulas[int(found[1])], cleaned))
        self.out.html = cleaned
        return self.out

    def place(self, formula: str) -> str:
        """What is written where a formula goes. It has nothing to be cleaned, which takes longest of all."""
        self.formulas.append(formula)
        return f'<math display="{len(self.formulas) - 1}"></math>'

    def wrong(self, line: int, message: str) -> None:
        """Report a mistake."""
        self.out.mistakes.append((line, message))

    def blocks(self, blocks: Iterable[Block]) -> list[Token]:
        """The tokens of top-level blocks as they are written."""
        found = read_inline(blocks, self.around.references)
        for at, (token, _line) in enumerate(found):
            if token.type == "list_item_open" and found[at + 1][0].type == "paragraph_open":
                _mark_task(found[at + 2][0])
        tokens = [self.block_token(token, line) for token, line in found]
        for at, head in enumerate(tokens):
            if head.type == "th_open" and not tokens[at + 1].content.strip():
                head.tag = tokens[at + 2].tag = "td"  # the empty corner of a table is no head
        return tokens

    def block_token(self, token: Token, line: int) -> Token:
        """The token as it is written. Changes in the parsed token do not depend on how often it is rendered."""
        if token.type == "inline":
            token.children = self.inline(token.content, line, token.children or [])
        elif token.type in ("fence", "code_block"):
            return self.code(token, line)
        elif token.type == "math_block":
            return self.display(token.content, line)
        elif token.type.startswith("footnote_"):
            if token.nesting == 1:
                self.wrong(line, "a footnote's text begins at the start of a line, outside lists and quotes")
            return _raw("")
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
        """A block of code, with colours if its language is known; a fence of `math` is a formula."""
        language = (token.info.split() or [""])[0]
        if language in ("math", "latex-math", "katex"):
            return self.display("\n" + token.content, line)
        if language in _DRAWINGS:
            self.wrong(line, f"{language} draws nothing here: link a demo, or say it in words or a table")
            return _raw("")
        if language.startswith("{") and not language.startswith("{."):
            self.wrong(line, f"the fence {language} is MyST: quote the text with >, or name a language")
        elif not highlight.is_known(language):
            near = did_you_mean(language, highlight.known_languages()) or " Leave it out for plain text."
            self.wrong(line, f"unknown language {language!r} of a code fence.{near}")
        code = highlight.highlight(token.content, language)
        return _raw(f'<pre class="code" tabindex="0"><code>{code}</code></pre>\n')

    def display(self, latex: str, line: int) -> Token:
        """A formula of its own lines."""
        formula = self.formula(latex, line, display=True)
        parts = maths.equations(latex)
        if formula.startswith("<math") and len(parts) > 1:  # it has no mistake: its equations may wrap
            formula = "".join([maths.mathml(part, True, self.around.macros) for part in parts])
        box = '<div class="wide formula" tabindex="0" role="group" aria-label="Formula">{}</div>'
        return _raw(self.place(box.format(formula)) + "\n")

    def inline(self, text: str, line: int, tokens: Sequence[Token]) -> list[Token]:
        """The tokens of inline text as they are written. `line` is the line on which the text begins."""
        if is_prose(text):
            return list(tokens)
        kept: list[Token] = []
        is_follow_up = text.lstrip().startswith(FOLLOW_UP)
        link_is_hidden = False
        open_tags: list[tuple[str, int]] = []
        for at, message in () if self.is_line else foreign.at_starts(text):
            self.wrong(line + text.count("\n", 0, at), message)
        for token in texts_of(tokens):
            self.check_text(token.content, line + text.count("\n", 0, token.meta.get("at", 0)))
        if self.around.show and not self.around.as_written and TYPEWRITTEN.search(text):
            typographic(tokens)
        if len(tokens) == 1 and tokens[0].type == "text":
            self.check_text(text, line)
            return [tokens[0]]
        for index, token in enumerate(tokens):
            here = line + text.count("\n", 0, token.meta.get("at", 0))
            following = tokens[index + 1].content[:1] if index + 1 < len(tokens) else ""
            if token.type == "text_special":
                token.type = "text"
                self.check_backslash(token, text, here)
            elif token.type == NOTE_REFERENCE:
                token = self.note(token.content, here)
            elif token.type == TAG:
                token = self.html_tag(token, open_tags, here)
            elif token.type.startswith("math_inline"):
                if following.isdigit() and token.markup.startswith("$"):
                    self.wrong(here, f"a digit follows the formula ${token.content}$ at once: is a $ missing?")
                token = self.inline_formula(token, here)
            elif token.type == "image":
                shown = self.image(token, here, is_alone=len(tokens) == 1)
                if shown is None:
                    continue
                token = shown
            elif token.type == "link_open" and self.is_line and token.markup == "linkify":
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
        for name, opened in open_tags:
            self.wrong(opened, f"<{name}> is never closed: write </{name}> behind the words")
        return kept

    def note(self, label: str, line: int) -> Token:
        """The mark of a footnote."""
        if label not in self.around.notes:
            self.wrong(line, f"there is no footnote [^{label}]: write [^{label}]: and its words on a line of its own")
            return _raw("")
        return _raw(f"<sup>[{self.around.numbers.setdefault(label, len(self.around.numbers) + 1)}]</sup>")

    def html_tag(self, token: Token, opened: list[tuple[str, int]], line: int) -> Token:
        """A tag of the few that are read. `opened` are those before it that are open, with their lines."""
        self.has_html = True
        if token.markup == "open":
            opened.append((token.info, line))
            return _raw(f"<{token.tag}>")
        if opened and opened[-1][0] == token.info:
            opened.pop()
            return _raw(f"</{token.tag}>")
        self.wrong(line, f"</{token.info}> closes nothing: write <{token.info}> before the words")
        return _raw("")

    def check_backslash(self, token: Token, text: str, line: int) -> None:
        """Report TeX outside a formula, and a formula that is never closed."""
        at = token.meta.get("at", 0)
        command, following = _COMMAND.match(text, at), text[at + 2 :]
        if command and token.markup == token.content:
            shown = f"{command[0]} is outside a formula"
            self.wrong(line, f"{shown}: write $…$ around it, or ` around what is to be shown as it is")
        is_open = (token.markup == r"\(" and text[at - 1 : at] != "]") or (
            token.markup == r"\[" and "]" not in following
        )
        if token.markup in (r"\(", r"\[") and is_open and _TEX.search(following):
            shown = f"{token.markup} opens a formula that is never closed"
            self.wrong(line, f"{shown}: write $…$, or $$…$$ on lines of their own")

    def check_text(self, text: str, line: int) -> None:
        """Report what looks like markup and is not."""
        for _at, message in foreign.in_text(text):
            self.wrong(line, message)
        if "$" in text:
            self.wrong(line, _STRAY_DOLLAR)
        if "<!--" in text:
            self.wrong(line, "a comment would be shown as text: remove it, or write `<!--` as code")
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

    def image(self, token: Token, line: int, is_alone: bool) -> Token | None:
        """A picture, a sound, or a demo's figure as it is written; its words, if a picture cannot be shown."""
        address, words = unquote(str(token.attrGet("src") or "")), plain(token.children or ())
        if not words:
            self.wrong(line, f"say what {address[:60]!r} shows, for those who cannot see it: ![what it shows](…)")
        if address.startswith("demo:"):
            return self.figure(str(token.attrGet("src")), words, line, is_alone)
        name = posixpath.normpath(address)
        found = next((one for one in self.around.pictures if one.name == name), None)
        if found is None:
            self.wrong(line, self.why_no_picture(address, name))
            return _in_place_of_a_picture(words)
        self.out.links.append(Link(line, Target("picture", address, None, name), words))
        if found.problem:
            self.wrong(line, f"the picture {name!r} cannot be shown: {found.problem}")
            return _in_place_of_a_picture(words)
        source = html.escape(f"/pictures/{found.digest}/{self.around.deck}/{quote(name)}")
        said = html.escape(words)
        if found.is_sound:
            return _raw(f'<audio controls preload="none" src="{source}" aria-label="{said}"></audio>')
        size = f' width="{found.width}" height="{found.height}"' if found.width and found.height else ""
        return _raw(f'<img src="{source}" alt="{said}"{size} loading="lazy">')

    def why_no_picture(self, address: str, name: str) -> str:
        """What is wrong with the address of a picture that the deck does not have."""
        if "://" in address or address.startswith(("/", "data:", "//")) or "\\" in address or name.startswith(".."):
            return f"a picture is a file of the deck's own folder, not {address[:60]!r}: put it beside this file"
        if name.rpartition(".")[2].lower() not in KINDS:
            return f"{name!r} cannot be shown: pictures are PNG, JPEG, WebP, GIF and SVG, and sounds mp3, ogg and m4a"
        near = did_you_mean(name, [one.name for one in self.around.pictures])
        return f"there is no picture {name!r} in the deck's folder.{near or ' Put it there.'}"

    def figure(self, address: str, words: str, line: int, is_alone: bool) -> Token | None:
        """A link to a demo, which pages replace by its figure."""
        try:
            to = target(address, self.around.deck)
        except BadTargetError as error:
            self.wrong(line, str(error))
            return None
        self.out.links.append(Link(line, to, words, is_figure=True))
        if self.is_line or not is_alone:
            self.wrong(line, "a demo's figure needs a paragraph of its own: put an empty line around it, or link it")
        return _raw(f'<a href="{html.escape(to.address or "")}" class="demo-link demo-figure">{html.escape(words)}</a>')

    def inline_formula(self, token: Token, line: int) -> Token:
        """A formula in a line of text; one that is too wide gets its own box. GitLab's $`x`$ is $x$."""
        display = token.type.endswith("double")
        token.content = _IN_CODE.sub(r"\1", token.content)
        if _PRICES.match(token.content):
            self.wrong(line, f"${token.content[:40]}$ is drawn as a formula: if $ means dollars, write \\$")
        formula = self.formula(token.content, line, display)
        if not self.around.show:
            return token
        # About how many letters wide it is; parts above each other count as beside each other.
        seen = _ANY_TAG.sub("", formula.split("<annotation")[0])
        is_wide = display or len("".join(seen.split())) > LONGEST_FORMULA
        box = '<span class="long">{}</span>' if self.is_line else _IN_ITS_OWN_BOX  # a line may be a link
        return _raw(self.place(box.format(formula) if is_wide else formula))

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
        part = latex[start:].split("\n", 1)[0].strip()
        indent = len(latex[start:]) - len(latex[start:].lstrip(" \t"))
        before, after = part[: at - start - indent], part[at - start - indent :]
        found = re.search(f"({_as_in_a_cell(before)}){_as_in_a_cell(after)}", self.around.lines[line - 1])
        return f" (column {found.end(1) + 1})" if found else ""


def _as_in_a_cell(latex: str) -> str:
    r"""A pattern for a part of a formula, in which a table writes each bar as \|."""
    return r"\\?\|".join(map(re.escape, latex.split("|")))


def _in_place_of_a_picture(words: str) -> Token:
    return _raw(f'<span class="no-picture">{html.escape(words)}</span>')


def _mark_task(text: Token) -> None:
    """Turn the [ ] or [x] that begins an item of a list into a box."""
    first = text.children[0] if text.children else None
    found = _TASK.match(first.content) if first and first.type == "text" else None
    if first and found and text.children:
        first.content = first.content[found.end() :]
        sign, words = ("☐", "to do") if found[1] == " " else ("☑", "done")
        text.children.insert(0, _raw(f'<span role="img" aria-label="{words}">{sign}</span> '))


def _set_directions(tokens: Sequence[Token]) -> None:
    """Let text of a script that runs from right to left do so: each block by its first letter outside formulas."""
    if not any(not token.content.isascii() and _RIGHT_TO_LEFT.search(token.content) for token in tokens):
        return
    for at, token in enumerate(tokens):
        if token.nesting != 1 and token.type != RAW:
            continue
        depth, letter = 0, None
        for inner in tokens[at:]:
            depth += inner.nesting
            if letter or (token.type != RAW and depth <= 0) or inner.type == "table_close":
                break
            if inner.type == "inline":
                words = (child.content for child in inner.children or () if child.type == "text")
                letter = next(filter(None, map(_LETTER.search, words)), None)
        direction = "rtl" if letter and _RIGHT_TO_LEFT.match(letter[0]) else "ltr"
        if token.type == RAW:
            token.content = token.content.replace('<div class="wide" ', f'<div class="wide" dir="{direction}" ')
        elif letter:
            token.attrSet("dir", direction)


def _raw(content: str) -> Token:
    return Token(RAW, "", 0, content=content)
