"""A card that is asked in several ways becomes several cards, its sides. Pure.

It can be reversed, hide parts, each a card, and ask a computed question.

A side is a card of its own, with a history of its own. Its name is the card's with a suffix that no author can write.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.cards.file.blocks import Block, References, inline_tokens, plain, read
from app.cards.file.parse import ParsedCard

BETWEEN = "~"
"""What comes between a card's name and its side."""
REVERSED = "reversed"
COMPUTED = "computed"
_OPENS = re.compile(r"(?<!(?<!\\)\\)(?:\{\{c([1-9]\d?)::|==(?=[^\s=]))")
_NOT_PROSE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_FORMULA = re.compile(r"(?<!\\)(\$\$?)(?!\$).+?(?<!\\)\1", re.DOTALL)


@dataclass(frozen=True)
class Hidden:
    """A part of a text that its side asks for. Parts with the same number are hidden together."""

    number: int
    text: str
    hint: str = ""
    in_formula: bool = False

    @property
    def blank(self) -> str:
        """What the question shows in its place."""
        if self.in_formula:
            return r"[\,\ldots\,]" if not self.hint else rf"[\text{{{self.hint}}}]"
        return f"[{self.hint or '…'}]"

    @property
    def revealed(self) -> str:
        """What the answer shows in its place."""
        return self.text if self.in_formula else f"**{self.text}**"


@dataclass(frozen=True)
class Sides:
    """The cards that a card of the file becomes, and what is wrong with it as (line, message)."""

    cards: tuple[ParsedCard, ...]
    mistakes: tuple[tuple[int, str], ...] = ()


def sides(card: ParsedCard, references: References) -> Sides:
    """The sides of a card; itself, if it has none."""
    if card.metadata.ask is None:
        return _written(card, references)
    asks, _line = card.metadata.ask
    if not card.short:
        return Sides((replace(card, asks=asks, answer=f"Ask: {asks}"),))
    beside = _written(card, references)
    computed = replace(_side(card, COMPUTED, _title(card, asks), references), asks=asks)
    return Sides((*(replace(one, side_of=card.name) for one in beside.cards), computed), beside.mistakes)


def _title(card: ParsedCard, asks: str) -> str:
    """What lists call a computed question, in Markdown."""
    from app.ask.questions.line import BadLineError  # slow to import, and few cards need it
    from app.ask.questions.line import read as read_line

    try:
        return f"Computed: {read_line(asks).title}"
    except BadLineError:
        return card.question_markdown


def _written(card: ParsedCard, references: References) -> Sides:
    """The sides of the written answer."""
    if not card.metadata.is_reversed and "==" not in card.markdown and "{{c" not in card.markdown:
        return Sides((card,))
    paragraph = card.short[0] if card.short and card.short[0].kind == "paragraph" else None
    of_question = hidden_parts(card.question_markdown)
    of_answer = hidden_parts(paragraph.text) if paragraph else [""]
    parts = of_question if len(of_question) > 1 else of_answer
    wrong = ""
    if len(of_question) > 1 and len(of_answer) > 1:
        wrong = "parts are hidden in the question or in the first paragraph, not in both: remove the marks from one"
    elif card.metadata.is_reversed and len(parts) > 1:
        wrong = "a card with hidden parts cannot be reversed too: remove the marks, or the line Reversed:"
    elif card.metadata.is_reversed and paragraph is None:
        wrong = "a reversed card asks for the question by the first paragraph: begin the answer with one"
    if wrong:
        return Sides((card,), ((card.line, wrong),))
    if card.metadata.is_reversed and paragraph is not None:
        return Sides(_both_ways(card, paragraph, references))
    numbers = sorted({part.number for part in parts if isinstance(part, Hidden)})
    if not numbers:
        return Sides((card,))
    inside = paragraph if parts is of_answer else None
    wrong = "a card with hidden parts asks for these alone and has no points: remove Points:, or the marks"
    mistakes = tuple((line - 1, wrong) for _text, line in card.metadata.points[:1])
    return Sides(tuple(_hiding(card, parts, number, inside, references) for number in numbers), mistakes)


def hidden_parts(text: str) -> list["str | Hidden"]:
    """A text in its parts: ==hidden== gets a number of its own, {{c1::hidden}} and {{c1::hidden::hint}} have one.

    Code is left alone, and in a formula == is a sign like any other. A mark that is not closed, or stands behind a
    backslash, is text.
    """
    if not _OPENS.search(text):
        return [text]
    quiet = _NOT_PROSE.sub(lambda found: " " * len(found[0]), text)
    formulas = [found.span() for found in _FORMULA.finditer(quiet)]
    parts: list[str | Hidden] = []
    at = 0
    for opens in _OPENS.finditer(quiet):
        in_formula = any(start < opens.start() < end for start, end in formulas)
        is_numbered = opens[1] is not None
        if opens.start() < at or (in_formula and not is_numbered):
            continue
        end = _end_of(quiet, opens.end()) if is_numbered else _end_of_highlight(quiet, opens.end())
        if end is None:
            continue
        inner, after = text[opens.end() : end], end + 2
        hidden, _, hint = inner.partition("::") if is_numbered else (inner, "", "")
        parts += [text[at : opens.start()], Hidden(int(opens[1] or 0), hidden, hint, in_formula)]
        at = after
    last = max((part.number for part in parts if isinstance(part, Hidden)), default=0)
    for index, part in enumerate(parts):
        if isinstance(part, Hidden) and not part.number:
            last += 1
            parts[index] = replace(part, number=last)
    return [*parts, text[at:]]


def _end_of(text: str, start: int) -> int | None:
    """Where the }} of a mark begins whose inside begins at `start`: braces within it are in pairs."""
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            if depth == 0:
                return at if text.startswith("}}", at) and at > start else None
            depth -= 1
    return None


def _end_of_highlight(text: str, start: int) -> int | None:
    at = text.find("==", start + 1)
    return at if at > 0 and not text[at - 1].isspace() else None


def _both_ways(card: ParsedCard, paragraph: Block, references: References) -> tuple[ParsedCard, ParsedCard]:
    back = _side(card, REVERSED, " ".join(paragraph.text.split()), references)
    return replace(card, side_of=card.name), replace(back, short=_paragraph(card.question_markdown, card.line))


def _hiding(
    card: ParsedCard, parts: Sequence["str | Hidden"], number: int, paragraph: Block | None, references: References
) -> ParsedCard:
    asked, shown = "", ""
    for part in parts:
        if isinstance(part, Hidden) and part.number == number:
            asked, shown = asked + part.blank, shown + part.revealed
        else:
            text = part if isinstance(part, str) else part.text
            asked, shown = asked + text, shown + text
    if paragraph is None:
        side = _side(card, f"c{number}", asked, references)
        return replace(side, short=_paragraph(shown, card.line), rest=(*card.short, *card.rest))
    joined = card.question_markdown.rstrip()
    question = f"{joined}{'' if joined.endswith(('.', ':', '?', '!')) else ':'} {' '.join(asked.split())}"
    return replace(_side(card, f"c{number}", question, references), short=_paragraph(shown, paragraph.line))


def _side(card: ParsedCard, suffix: str, question_markdown: str, references: References) -> ParsedCard:
    was = card.metadata.was
    return replace(
        card,
        name=f"{card.name}{BETWEEN}{suffix}",
        metadata=replace(card.metadata, was=f"{was}{BETWEEN}{suffix}" if was else None, points=[]),
        side_of=card.name,
        question_markdown=question_markdown,
        question=plain(inline_tokens(question_markdown, references)),
        answer=f"{suffix}\n{card.answer}",
    )


def _paragraph(markdown: str, line: int) -> tuple[Block, ...]:
    """The text as the block that the file would have at this line."""
    return read("\n" * (line - 1) + markdown).blocks[:1]
