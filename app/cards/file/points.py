"""The points of a card: what a good answer says, three to five lines below Points: at the card's end. Pure."""

import re
from collections.abc import Iterator

from app.cards.file.blocks import Block, Token

FEWEST, MOST = 3, 5
LONGEST = 200
_BOX = re.compile(r"\[[ xX]\](?:\s|$)")
_STATED = re.compile(r"[A-Z][a-z]+:")


def read_points(block: Block) -> tuple[list[tuple[str, int]], list[tuple[int, str]]]:
    """The points of the list below Points:, as (Markdown, line), and what is wrong with them as (line, message)."""
    wrong: list[tuple[int, str]] = []
    if block.kind != "bullet_list":
        wrong.append((block.line, "begin each point with - and a space, not with a number"))
    points: list[tuple[str, int]] = []
    first: dict[str, int] = {}
    for line, tokens in _items(block):
        text = tokens[1].content.strip() if [token.type for token in tokens[::2]] == _ONE_PARAGRAPH else ""
        if problem := _problem(text, tokens):
            wrong.append((line, problem))
        elif (other := first.setdefault(" ".join(text.casefold().split()).rstrip("."), line)) != line:
            wrong.append((line, f"this point is the one of line {other}: remove one of them"))
        points.append((text, line))
    if not FEWEST <= len(points) <= MOST:
        what = f"a card has {FEWEST} to {MOST} points, not {len(points)}"
        do = "add the others that a good answer makes, or remove Points:" if len(points) < FEWEST else "join some"
        wrong.append((block.line, f"{what}: {do}"))
    return points, wrong


_ONE_PARAGRAPH = ["paragraph_open", "paragraph_close"]


def _items(block: Block) -> Iterator[tuple[int, list[Token]]]:
    """The tokens within each item of a list, with the item's line."""
    line, inside = block.line, list[Token]()
    for token, at in block.tokens_with_lines():
        if token.level == 1 and token.nesting == 1:
            line, inside = at, []
        elif token.level == 1:
            yield line, inside
        else:
            inside.append(token)


def _problem(text: str, tokens: list[Token]) -> str:
    """What is wrong with a point by itself; empty if nothing is."""
    if not tokens:
        return "this point is empty: write it, or remove the line"
    if not text:
        return "a point is one line of words and formulas: move everything else into the answer"
    first, _, second = text.partition("\n")
    if stated := _STATED.match(second):
        return f"leave an empty line between the points and {stated[0]}"
    if second:
        return "a point is written on one line: join its lines, or make them two points"
    if _BOX.match(text):
        return "a point needs no [ ]: learners see each with a box"
    if len(first) > LONGEST:
        return f"a point has at most {LONGEST} characters, not {len(first)}: say it in fewer words"
    return ""
