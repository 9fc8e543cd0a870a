"""Turns the HTML of a note's field into Markdown that shows the same. Takes linear time, whatever the input."""

import html
import re
from urllib.parse import quote

from app.exchange.imports.markdown.verbatim import code_span
from app.exchange.imports.markdown.writer import MarkdownWriter, Run, emphasised

# A tokenizer of our own, because it reads each character once. Libraries are quadratic on hostile nesting: nh3.clean
# took 1.1 s for 5,000, 5.7 s for 10,000 and 30.5 s for 20,000 unclosed `<div>x`; html.parser took 4 s for 50,000 `<b>`,
# minutes for 200 kB of unclosed tags, and raises on other input.
_TOKEN = re.compile(
    r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)|<[!?][^<>]*+>"
    r"|<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9:-]*+)(?P<attributes>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+)>"
)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_MATHS = re.compile(
    r"\\\((?P<round>(?:[^\\]|\\[^()])++)\\\)"
    r"|\\\[(?P<square>(?:[^\\]|\\[^\[\]])++)\\\]"
    r"|\[\$\](?P<dollar>(?:(?!\[/?\$\]).)++)\[/\$\]"
    r"|\[\$\$\](?P<double>(?:(?!\[/?\$\$\]).)++)\[/\$\$\]"
    r"|\[latex\](?P<latex>(?:(?!\[/?latex\]).)++)\[/latex\]"
    r"|<anki-mathjax(?P<block>[^<>]*+)>(?P<element>(?:(?!</?anki-mathjax).)++)</anki-mathjax>",
    re.DOTALL | re.IGNORECASE,
)
_WRAPPED = re.compile(
    r"(?P<inline>\$(?P<a>[^$]+)\$|\\\((?P<b>.+)\\\))|\$\$(?P<c>[^$]+)\$\$|\\\[(?P<d>.+)\\\]|(?P<e>\\begin\{.*)"
)
_SOUND = re.compile(r"\[sound:([^\[\]]*)\]")
_NOT_IN_ADDRESS = re.compile(r"[<>|\n]")
_KEPT = re.compile("\ue000([0-9]+)\ue001")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SPECIAL = re.compile(
    r"\\(?![a-zA-Z0-9])|[*`$]|(?<![^\W_])_|_(?![^\W_])|~(?=~)|~\Z|<(?=[a-zA-Z/!?])|&(?=#?\w+;)|(?<=\])[(\[:]"
)
_BOX = re.compile(r"^\[(?=[ xX]\])")
"""What makes a task of an item of a list."""
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~"}
_BLOCKS = {"p", "div", "section", "article", "center", "dl", "dt", "dd", "details", "summary", "figure", "figcaption"}
_LISTS = {"ul", "ol", "blockquote"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_SILENT = {"style", "script", "title", "template"}
_RAISED = dict(zip("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ", strict=True))
_LOWERED = dict(zip("0123456789+-=()aehklmnopstx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕₖₗₘₙₒₚₛₜₓ", strict=True))


def markdown_of(source: str) -> str:
    r"""Return Markdown for a field, with \(…\) and \[…\] around formulas. Pictures and sounds keep their names."""
    maths: list[tuple[str, str]] = []

    def kept(found: re.Match[str]) -> str:
        maths.append((found[0], _formula(found)))
        return f"\ue000{len(maths) - 1}\ue001"

    reader = _HtmlReader(maths)
    source = _MATHS.sub(kept, _PRIVATE.sub("", source))
    at = 0
    for token in _TOKEN.finditer(source):
        reader.text(source[at : token.start()])
        if token["tag"] and token["end"]:
            reader.end(token["tag"].lower())
        elif token["tag"]:
            reader.start(token["tag"].lower(), token["attributes"])
        at = token.end()
    reader.text(source[at:])
    reader.block()
    return _KEPT.sub(lambda found: maths[int(found[1])][1], "\n".join(reader.writer.lines))


def _formula(found: re.Match[str]) -> str:
    source = next(found[name] for name in ("round", "square", "dollar", "double", "latex", "element") if found[name])
    latex = " ".join(html.unescape(_TOKEN.sub(" ", source)).split())
    display = bool(found["square"] or found["double"] or "true" in (found["block"] or ""))
    if found["latex"]:
        wrapped = _WRAPPED.fullmatch(latex)
        if not wrapped:
            return latex  # text that contains formulas
        latex = next(wrapped[name] for name in "abcde" if wrapped[name]).strip()
        display = not wrapped["inline"]
    return rf"\[{latex}\]" if display else rf"\({latex}\)"


def attributes_of(text: str) -> dict[str, str]:
    """The attributes of a tag, by their names in small letters."""
    return {name.lower(): html.unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(text)}


class _HtmlReader:
    """Takes tags and text in order, and passes blocks to the writer."""

    def __init__(self, maths: list[tuple[str, str]]) -> None:
        self.maths, self.writer = maths, MarkdownWriter()
        self.runs: list[Run] = []
        self.marks: list[str] = []
        self.raw: list[str] | None = None
        self.rows: list[list[str]] | None = None
        self.silent = self.shifted = self.link = self.raw_tag = self.said = ""

    def text(self, source: str) -> None:
        """Take the text between two tags."""
        text = _PRIVATE.sub("", html.unescape(source)) if "&" in source else source
        if self.silent or not text:
            return
        if self.raw is not None:
            self.raw.append(_KEPT.sub(lambda found: self.maths[int(found[1])][0], text))
            return
        text, *sounds = _SOUND.split(re.sub(r"[\s\xa0]+", " ", text))
        self._text(text)
        for sound, following in zip(sounds[::2], sounds[1::2], strict=True):
            self._picture(sound, self.said)
            self._text(following)

    def _text(self, text: str) -> None:
        if self.shifted:
            letters, sign = (_RAISED, "^") if self.shifted == "sup" else (_LOWERED, "_")
            plain = all(letter in letters for letter in text)
            bare = text if text.startswith("(") else f"({text})"
            text = "".join(letters[letter] for letter in text) if plain else sign + bare
        would_link = text[:1] in ("(", "[", ":") and self.runs and self.runs[-1][0].endswith("]")
        self._add(("\\" if would_link else "") + _BOX.sub("&#91;", _SPECIAL.sub(r"\\\g<0>", text)))

    def start(self, tag: str, attributes: str) -> None:
        """Take an opening tag."""
        if self.silent:
            return
        if tag in _SILENT:
            self.silent = tag
        elif tag == "img":
            said = attributes_of(attributes)
            words = dict.fromkeys(filter(None, (said.get("alt"), said.get("title"))))
            self._picture(said.get("src", ""), "; ".join(words))
        elif self.raw is not None:
            self.raw.append("\n" if tag in ("br", "div", "p") else "")
        elif tag in ("pre", "code"):
            if tag == "pre":
                self.block()
            self.raw, self.raw_tag = [], tag
        elif tag == "br":
            self._add("\\\n")
        elif tag == "span":
            self.said = attributes_of(attributes).get("aria-label", "")
        elif tag in _MARKS and len(self.marks) < 8:
            self.marks.append(_MARKS[tag])
        elif tag in ("sub", "sup"):
            self.shifted = tag
        elif tag == "a" and not self.link:
            self.link = re.sub(r"[\s<>()\[\]\\`]", "", attributes_of(attributes).get("href", ""))
            self._add("[" if self.link else "")
        else:
            self._start_block(tag)

    def _start_block(self, tag: str) -> None:
        if tag in ("td", "th") and self.rows:
            self.block()
            self.rows[-1].append("")
        elif tag == "tr" and self.rows is not None:
            self.block()
            self.rows.append([])
        elif tag == "table" and self.rows is None:
            self.block()
            self.rows = []
        elif tag in _BLOCKS or tag in _HEADINGS or tag == "hr":
            self.block()
        elif tag in _LISTS and self.rows is None:
            self.block()
            self.writer.open(tag)
        elif tag == "li" and self.rows is None:
            self.block()
            self.writer.item()

    def end(self, tag: str) -> None:
        """Take a closing tag; one that closes nothing changes nothing."""
        if self.silent:
            self.silent = "" if tag == self.silent else self.silent
        elif self.raw is not None:
            if tag == self.raw_tag:
                self._end_code("".join(self.raw))
        elif tag in _MARKS and _MARKS[tag] in self.marks:
            self.marks.remove(_MARKS[tag])
        elif tag in ("sub", "sup"):
            self.shifted = ""
        elif tag == "span":
            self.said = ""
        elif tag == "a" and self.link:
            self._end_link()
        elif tag == "table" and self.rows is not None:
            self.block()
            rows, self.rows = [row for row in self.rows if any(row)], None
            self.writer.table(rows)
        elif tag in _LISTS and self.rows is None:
            self.block()
            self.writer.close(tag)
        elif tag in _BLOCKS or tag in _HEADINGS or tag in ("li", "td", "th", "tr"):
            self.block(heading=tag in _HEADINGS)

    def block(self, heading: bool = False) -> None:
        """End the block that is open."""
        if self.link:
            self._end_link()
        text, self.runs = emphasised(self.runs), []
        if self.rows is not None and self.rows and self.rows[-1]:
            for kept in _KEPT.finditer(text):  # a bar would end the cell
                source, formula = self.maths[int(kept[1])]
                self.maths[int(kept[1])] = source, formula.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
            cell = " ".join(text.replace("\\\n", " ").replace("|", r"\|").split())
            self.rows[-1][-1] = f"{self.rows[-1][-1]} {cell}".strip()
            return
        for part in re.split(r"(?:[ ]*\\\n[ ]*){2,}", text):
            self.writer.paragraph(part, heading)

    def _end_code(self, code: str) -> None:
        self.raw = None
        if self.raw_tag == "pre":
            self.writer.code(code)
        elif code.strip():
            self._add(code_span(" ".join(code.split())))

    def _end_link(self) -> None:
        opened = max(at for at, (text, _marks) in enumerate(self.runs) if text == "[")
        if any(text.strip() for text, _marks in self.runs[opened + 1 :]):
            self._add(f"]({self.link})")
        else:
            del self.runs[opened]
        self.link = ""

    def _add(self, text: str) -> None:
        if text:
            self.runs.append((text, frozenset(self.marks)))

    def _picture(self, name: str, words: str) -> None:
        """Write a picture or a sound, whose name may hold spaces and brackets. Code ends before it, and goes on."""
        code = self.raw
        if code is not None:
            self._end_code("".join(code))
        words = _SPECIAL.sub(r"\\\g<0>", " ".join(words.split())).replace("[", "&#91;").replace("]", "&#93;")
        self._add(f"![{words}](<{_NOT_IN_ADDRESS.sub(lambda found: quote(found[0]), name)}>)")
        if code is not None:
            self.raw = []
            if self.raw_tag == "pre":
                self.block()


_UNSEEN = re.compile(r"<(style|script|title|template)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
_LATEX_MARK = re.compile(r"\[/?(?:latex|\$\$?)\]", re.IGNORECASE)
_BREAKS = (
    {"sub", "sup", "br", "td", "th", "tr", "li", "hr", "table", "img", "a", "pre", "anki-mathjax"} | _BLOCKS | _LISTS
)


def plain_of(source: str) -> str:
    """Return the words of a field without its tags, and the names and words of its pictures."""

    def text(token: re.Match[str]) -> str:
        name = (token["tag"] or "").lower()
        shown = attributes_of(token["attributes"] or "")
        words = [shown.get(one, "") for one in ("src", "alt", "title", "href")] if name in ("img", "a") else []
        return f" {' '.join(words)} " if name in _BREAKS | _HEADINGS else ""

    source = _SOUND.sub(r" \1 ", _LATEX_MARK.sub(" ", _UNSEEN.sub("", source)))
    return html.unescape(_TOKEN.sub(text, source))
