"""Makes an author's Markdown valid as part of a content file, without changing the wording. Pure.

Text that a content file would read as something else (a heading, a Source: line, a dollar) is escaped. What a card
cannot show becomes plain text, and a sentence in `told` says so.
"""

import html
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from app.cards.file.metadata import colon_of_metadata
from app.cards.file.more_markdown import HTML
from app.cards.render.foreign import TAG, disarmed, marks
from app.cards.render.highlight import is_known
from app.cards.render.link_target import BadTargetError, target
from app.cards.render.maths import MathsError, mathml
from app.exchange.imports.draft import Harmless
from app.exchange.imports.markdown.from_html import attributes_of, markdown_of
from app.exchange.imports.markdown.verbatim import clean, code_span

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(.*)")
_HEADING = re.compile(r" {0,3}#{1,2}(?:[ \t]|$)|\s*#{2,6}[^#\s]")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*")
_BULLET = re.compile(r"^([ \t]*)[•‣◦⁃∙▪▫■□●○➢➤\uf0a7\uf0b7\uf0d8][ \t]+(?=\S)", re.MULTILINE)
_MARKED = re.compile(r"(?<=[^\\\n])\n(?=[ \t]*(?:[→–—·✓✔✗✘▶►][ \t]|[①-⑳❶-❿]|(?:[a-z]|[ivx]+)[.)] )[ \t]*\S)")
_SOURCE = re.compile(r"(\s*)(Source: ?\S.*)")
_DEFINITION = re.compile(r" {0,3}\[(?!\^)[^\[\]]+\]:")
_NOTE = re.compile(r"^\[\^([^\[\]\s]+)\]:", re.MULTILINE)
_BOX = re.compile(r"\s*(?:(?P<colons>:{3,}).*|(?:!!!|\?\?\?\+?)\s*(?P<kind>\w+)\s*\"?(?P<title>.*?)\"?\s*)")
_CALLOUT = re.compile(r"(\s*>\s*)\[!(\w+)\][+-]?\s*(.*)")
_ADDRESS = r"\(\s*(?:<[^<>\n]*>|[^()\s<>]*)(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
_ADDRESS_AND_TITLE = re.compile(r"\s*(?:<([^<>]*)>|(\S*))\s*(?:[\"'](.*)[\"'])?\s*", re.DOTALL)
_FORMS = (
    r"(?P<code>(?<!`)(?P<run>`+)(?!`).{1,2000}?(?<!`)(?P=run)(?!`))"
    r"|\\\((?P<round>(?:[^\\]|\\[^()])+?)\\\)"
    r"|\\\[(?P<square>(?:[^\\]|\\[^\[\]])+?)\\\]"
    r"|(?P<environment>\\begin\{(?P<name>[a-zA-Z]+\*?)\}.+?\\end\{(?P=name)\})"
    r"|(?P<escape>\\.)|(?<![A-Za-z0-9])https?://[^\s<>\])|]*"
    r"|\[\^(?P<label>[^\[\]\s]+)\]"
    r"|(?P<hides>={2,}(?=[^\s=])|\{\{(?=c[1-9]\d?::))"
    r"|(?P<comment><!--.*?-->)"
    r"|<(?P<verbatim>(?i:code|tt|samp))>(?P<literal>[^<>`]+)</(?P=verbatim)>"
    rf"|(?P<tag>(?i:{TAG.pattern}))"
    r"|\$\$(?P<double>(?:[^$\\]|\\.)+)\$\$"
    r"|\$(?!\s)(?P<single>(?:[^$\\]|\\.)+)(?<!\s)\$(?!\d)"
    r"|(?P<dollar>\$)"
    rf"|!\[(?P<alt>[^\[\]]*)\]{_ADDRESS}"
    rf"|(?<!!)\[(?P<words>[^\[\]]+)\]{_ADDRESS}"
)
_WIKI = r"|(?P<embeds>!?)\[\[(?P<note>[^\[\]|\n]*[^\[\]|\n\\])(?:\\?\|(?P<shown>[^\[\]\n]*))?\]\]"
_WIKI += r"|%%(?P<remark>[^%]+)%%|(?<!\S)\^(?P<block>[A-Za-z0-9-]+)[ \t]*(?=\n|\Z)"
_INLINE, _INLINE_WITH_WIKI = re.compile(_FORMS, re.DOTALL), re.compile(_FORMS + _WIKI, re.DOTALL)
_MEDIA = re.compile(
    r"(?i).*\.(?:png|jpe?g|gif|webp|svg|bmp|avif|tiff?|mp3|og[ga]|opus|m4[ab]|wav|flac|mp4|webm|mov|mkv)"
)
_SIZE = re.compile(r"\d+(?:x\d+)?")
_ID = re.compile(r"(`[^`]*`)|\{#")
_NO_HEADING = re.compile(r" {0,3}(?:`{3}|~{3}|[-*+>|] ?|\d+[.)] )")
_HARD_BREAK = re.compile(r"(?<!\\)\\\n")
_HTML_BLOCK = re.compile(
    r" {0,3}</?(?:(?P<whole>pre|script|style)|address|article|aside|blockquote|center|dd|details|div|dl|dt|figcaption"
    r"|figure|footer|form|h[1-6]|header|hr|iframe|li|main|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)"
    r"(?:\s|/?>|$)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"==[^=]+==|\{\{.+?\}\}", re.DOTALL)
_MAY_BE_BLOCK = re.compile(r"<|:::|!!!|\?\?\?|\[!")
_SENTENCE = ("<s>", "</s>")
"""What begins and ends a sentence for a language model, and is no tag of HTML."""
_BRACKETS = {"(": "(", ")": ")", "[": "&#91;", "]": "&#93;"}  # a backslash before them would begin a formula

_NUMBERED = re.compile(r"\{\{(?=c[1-9]\d?::)")
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def _without_pictures(address: str, words: str, told: list[str]) -> str:
    """Leave a picture out, and keep its words."""
    told.append(f"the picture {address} is left out")
    return words


@dataclass(frozen=True)
class Manner:
    """How text is mended. `show` returns Markdown for the picture at an address, with words, and tells what it omits.

    If it `hides`, ==…== and {{c1::…}} hide a part of it, as in our own files; otherwise they are escaped.
    If it `links`, [[…]] is a link to a note, as in Obsidian. `notes` are the labels of its footnotes.
    """

    show: Callable[[str, str, list[str]], str] = _without_pictures
    hides: bool = False
    links: bool = False
    notes: Collection[str] = ()


PLAIN = Manner()


def split_question(text: str) -> tuple[str, str]:
    """Split a question into the part that can be a heading, and the code, lists or tables after it."""
    paragraphs = re.split(r"\n[ \t]*\n", clean(text).strip())
    plain = next((at for at, one in enumerate(paragraphs) if _NO_HEADING.match(one)), len(paragraphs))
    return ("\n".join(paragraphs[:plain]), "\n\n".join(paragraphs[plain:])) if plain else (text, "")


def mend_question(text: str, told: list[str], manner: Manner = PLAIN) -> str:
    """Return one line of Markdown for a heading. Adds a sentence to `told` for each change."""
    text = _HARD_BREAK.sub("\n", clean(text))
    line = _inline(" ".join(text.split()), told, manner, links=False).strip()
    line = re.sub(r"(^|\s)(#+)$", r"\1\\\2", line)
    line = _ID.sub(lambda found: found[0] if found[1] else r"{\#", line)
    return f"{line}:" if line.casefold() == "key points" else line


def mend(text: str, told: list[str], manner: Manner = PLAIN) -> str:
    """Return Markdown blocks for an answer. Adds a sentence to `told` for each change."""
    text = _MARKED.sub(r"\\\n", _BULLET.sub(r"\1- ", clean(text)))
    manner = replace(manner, notes=_NOTE.findall(text)) if "[^" in text else manner
    return "\n".join(_mended(_without_blocks(text, told).split("\n"), told, manner)).strip("\n")


def _without_blocks(text: str, told: list[str]) -> str:
    """Write boxes and HTML as Markdown. HTML ends at an empty line; <pre> and scripts end where they close."""
    if not _MAY_BE_BLOCK.search(text):
        return text
    kept: list[str] = []
    open_fence = ""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        fence = _FENCE.fullmatch(lines[at])
        if fence and (not open_fence or fence[2].startswith(open_fence)):
            open_fence = "" if open_fence else fence[2]
        end = at + 1
        if not open_fence and (opens := _HTML_BLOCK.match(lines[at])):
            closes = f"</{opens['whole']}>".lower() if opens["whole"] else ""
            ends = (one + bool(closes) for one in range(at, len(lines)) if _ends_html(lines[one], closes))
            end = next(ends, len(lines))
            source = "\n".join(lines[at:end])
            tags = " ".join(found[0] for found in TAG.finditer(source))
            told.append(Harmless(f"HTML is left out, or written as Markdown: {tags}"))
            kept += ["", markdown_of(source), ""]
        elif not open_fence and (box := _BOX.fullmatch(lines[at])):
            told.append(Harmless(f"a box is written as text: {lines[at].strip()}"))
            kept.append("")
            if box["kind"]:
                end = next((one for one in range(at + 1, len(lines)) if re.match(r" {0,3}\S", lines[one])), len(lines))
                inside = "\n".join(line[4:] for line in lines[at + 1 : end]).strip("\n")
                text = f"**{box['kind'].capitalize()}:** {box['title']}\n{inside}"
                kept += [*(f"> {line}".rstrip() for line in text.split("\n")), ""]
        elif not open_fence and (callout := _CALLOUT.fullmatch(lines[at])):
            kept.append(f"{callout[1]}**{callout[2].capitalize()}:** {callout[3]}")
        else:
            kept.append(lines[at])
        at = end
    return "\n".join(kept)


def _ends_html(line: str, closes: str) -> bool:
    return closes in line.lower() if closes else not line.strip()


def escape(text: str) -> str:
    """Escape text, so that Markdown shows it as it is."""
    return _PUNCTUATION.sub(lambda found: _BRACKETS.get(found[0], f"\\{found[0]}"), text)


def _mended(lines: Sequence[str], told: list[str], manner: Manner) -> Iterator[str]:
    """Yield the lines with every fence closed and every paragraph mended; empty lines in a row become one."""
    paragraph: list[str] = []
    open_fence = None
    after_fence = False
    for line in lines:
        fence = _FENCE.fullmatch(line)
        if open_fence and fence and fence[2].startswith(open_fence[2]):
            yield f"{open_fence[1]}{open_fence[2]}" if fence[3] else line
            open_fence, after_fence = None, True
            if not fence[3]:
                continue
            told.append(Harmless("a code fence was never closed: it ends where the next begins"))
        if open_fence:
            yield line
        elif fence and not (fence[2][0] == "`" and "`" in fence[3]):
            yield from _paragraph(paragraph, told, manner)
            paragraph, open_fence = [], fence
            yield f"{fence[1]}{fence[2]}{_language(fence[3], told)}"
        elif line.strip():
            paragraph.append(line.expandtabs(4))
        elif paragraph or after_fence:
            yield from _paragraph(paragraph, told, manner)
            paragraph, after_fence = [], False
            yield ""
    yield from _paragraph(paragraph, told, manner)
    if open_fence:
        told.append(Harmless("a code fence was never closed: it ends where the text ends"))
        yield f"{open_fence[1]}{open_fence[2]}"


def _language(info: str, told: list[str]) -> str:
    named = info.split()[0].strip("{}.").lower() if info.split() else ""
    if is_known(named):
        return named
    told.append(Harmless(f"the language {info.strip()!r} of a code fence is not known: it is left out"))
    return ""


def _paragraph(lines: Sequence[str], told: list[str], manner: Manner) -> Iterator[str]:
    text = _inline("\n".join(lines), told, manner) if lines else ""
    for index, line in enumerate(text.split("\n") if lines else ()):
        if _HEADING.match(line):
            line = line.replace("#", r"\#", 1)
        elif index and _UNDERLINE.fullmatch(line):
            if line.strip().startswith("---"):
                yield ""  # a rule, and no heading of the line above
            else:
                line = line.replace(line.strip(), "\\" + line.strip(), 1)
        elif stated := _SOURCE.fullmatch(line):
            line = f"{stated[1]}({stated[2].rstrip()})"
        elif colon := colon_of_metadata(line):
            line = f"{line[:colon]}\\{line[colon:]}"
        elif _DEFINITION.match(line):
            line = line.replace("[", r"\[", 1)
        yield line


def _inline(text: str, told: list[str], manner: Manner, links: bool = True) -> str:
    forms = list((_INLINE_WITH_WIKI if manner.links else _INLINE).finditer(text))
    tags = _tags([found for found in forms if found["tag"] and found["tag"] not in _SENTENCE], told, manner, links)

    def changed(found: re.Match[str]) -> str:
        if found["tag"]:
            return tags.get(found.start(), disarmed(found["tag"]))
        if found["literal"]:
            told.append(Harmless(f"HTML is written as Markdown: <{found['verbatim']}> </{found['verbatim']}>"))
            return code_span(html.unescape(" ".join(found["literal"].split())))
        latex = found["round"] or found["single"]
        display = found["square"] or found["double"] or found["environment"]
        if latex or display:
            written = _formula(latex or display, text[found.end() : found.end() + 1], told, not latex, manner.hides)
            return found[0] if manner.hides and written.startswith("$") and found[0].startswith("$") else written
        if found["dollar"]:
            return r"\$"
        if found["hides"]:
            if not manner.hides and (whole := _HIDDEN.match(text, found.start())):
                told.append(Harmless(f"{whole[0]} hides nothing here: it is shown as it is typed"))
            return found[0] if manner.hides else r"\=" * len(found[0]) if found[0][0] == "=" else r"{\{"
        if found["label"]:
            return _note(found["label"], told, manner, links)
        if found["comment"]:
            told.append(Harmless(f"a comment is left out: {' '.join(found['comment'][4:-3].split())}"))
            return ""
        if found["alt"] is not None:
            at = _ADDRESS_AND_TITLE.fullmatch(found[0].partition("](")[2][:-1])
            return manner.show((at[1] or at[2] or "") if at else "", found["alt"] or (at and at[3]) or "", told)
        if manner.links and found.lastgroup in ("note", "shown", "remark", "block"):
            return _of_note(found, told, manner)
        if found["words"] is not None:
            words = _inline(found["words"], told, manner, links=False)
            return _link(found, words, told) if links else words
        if found["escape"] and found["escape"][1].isalpha():
            return f"\\{found[0]}"
        return found[0]

    parts, at = [], 0
    for found in forms:
        parts += [_shown(text[at : found.start()], told), changed(found)]
        at = found.end()
    return "".join([*parts, _shown(text[at:], told)])


def _shown(text: str, told: list[str]) -> str:
    told += [Harmless(f"{mark[:60]} is shown as it is typed") for mark in marks(text).values()]
    return disarmed(text)


def _tags(found: Sequence[re.Match[str]], told: list[str], manner: Manner, links: bool) -> dict[int, str]:
    """What is written for each tag of HTML, by its place. A link and a picture are written as Markdown.

    Those that authors can write stay if they are in pairs. All others are left out, and named.
    """
    written: dict[int, str] = {}
    opened: list[tuple[int, str, str]] = []
    for one in found:
        at, ends = one.start(), one["tag"].startswith("</")
        name, _, attributes = " ".join(one["tag"].strip("</>").split()).partition(" ")
        name, said = name.lower(), attributes_of(attributes)
        written[at] = ""
        if name == "img":
            written[at] = manner.show(said.get("src", ""), said.get("alt") or said.get("title") or "", told)
        elif not ends:
            opened.append((at, name, said.get("href", "")))
        elif pairs := [place for place, (_at, other, _href) in enumerate(opened) if other == name]:
            begin, _name, href = opened[pairs[-1]]
            del opened[pairs[-1] :]
            if name in HTML:
                written[begin], written[at] = f"<{name}>", f"</{name}>"
            elif href and links and _may_link(href, told):
                written[begin], written[at] = "[", f"]({href})"
    if changed := [one["tag"] for one in found if one["tag"] != written[one.start()]]:
        told.append(Harmless(f"HTML is left out, or written as Markdown: {' '.join(changed)}"))
    return written


def _note(label: str, told: list[str], manner: Manner, may_stand: bool) -> str:
    """The mark of a footnote, or what begins its words."""
    if label in manner.notes and may_stand:
        return f"[^{label}]"
    if may_stand:
        told.append(Harmless(f"[^{label}] has no words here: it is shown as it is typed"))
        return rf"\[^{label}]"
    told.append(Harmless(f"the mark [^{label}] of a footnote is left out of the question"))
    return ""


def _formula(latex: str, following: str, told: list[str], display: bool, hides: bool) -> str:
    latex = " ".join(latex.split())
    latex = latex if hides else _NUMBERED.sub("{ {", latex)
    try:
        mathml(latex, display)
        if re.search(r"(?<!\\)(?:\\\\)*\$", latex):
            raise MathsError("it contains a dollar sign")
    except MathsError as error:
        told.append(f"the formula {latex[:60]}{'…' if len(latex) > 60 else ''} is kept as text: {error}")
        return code_span(latex)
    mark = "$$" if display else "$"
    return f"{mark}{latex}{mark}{' ' if following.isdigit() else ''}"


def _of_note(found: re.Match[str], told: list[str], manner: Manner) -> str:
    """The picture that ![[picture.png|200]] shows, or the words of [[note|words]]; nothing of %%remarks%% and ^ids."""
    if found["note"] is None:
        what = (
            f"a comment is left out: {found['remark'].strip()}" if found["remark"] else f"an id is left out: {found[0]}"
        )
        told.append(Harmless(" ".join(what.split())))
        return ""
    name, shown = found["note"].strip(), (found["shown"] or "").strip()
    if found["embeds"] and _MEDIA.fullmatch(name):
        if _SIZE.fullmatch(shown):
            told.append(Harmless(f"the width {shown} of {name} is left out"))
            shown = ""
        return manner.show(name, shown, told)
    if found["embeds"]:
        told.append(f"the note {name} that is shown here is left out")
        return disarmed(shown)
    words = " > ".join(part for part in map(str.strip, name.split("#")) if part and not part.startswith("^"))
    told.append(Harmless(f"the link to the note {name} is left out, its words kept"))
    return disarmed(shown or words)


def _link(found: re.Match[str], words: str, told: list[str]) -> str:
    address = found[0].rpartition("](")[2].rstrip(")").strip()
    return f"[{words}{found[0][len(found['words']) + 1 :]}" if _may_link(address, told) else words


def _may_link(address: str, told: list[str]) -> bool:
    """True if a card may link to an address, with a title behind it. If not, that is told."""
    try:
        if target(address.split()[0].strip("<>") if address else "").kind != "file":
            return True
        why = "a card has no files beside it"
    except BadTargetError as error:
        why = str(error)
    told.append(f"the link to {address[:60]} is left out, its words kept: {why}")
    return False
