"""Reads the notes of a package that Recur itself exported, so that its cards come back as they were."""

import re
from collections.abc import Iterable, Sequence

from app.exchange.imports.draft import Draft
from app.exchange.imports.markdown.from_html import markdown_of, plain_of
from app.exchange.imports.pictures import OURS

FIELDS = ("Question", "Answer", "More", "Level", "Sources", "Page", "Id")
"""The fields of Recur's note type."""
_POINTS = re.compile(r'<div class="points"><p>[^<]*</p><ul>(?:<li>.*?</li>)+</ul></div>\Z', re.DOTALL)
_MADE_TAG = re.compile(r"(?:level|topic)::")
_PAGES = ((r"cards/([^\"/]+)/", r"card:\1/"), ("demos/", "demo:"), ("sources#paper-", "paper:"))


def points_of_note(points: Iterable[str]) -> str:
    """The HTML of a card's points, for the end of the field More."""
    items = "".join(f"<li>{point}</li>" for point in points)
    return f'<div class="points"><p>A good answer says:</p><ul>{items}</ul></div>'


def draft_of(where: str, fields: Sequence[str], tags: Sequence[str], key: str) -> Draft:
    """The card of a note with these FIELDS. Its id is in the field Id, and the address of the app in Page."""
    of = dict(zip(FIELDS, fields, strict=False))
    address, _, name = of["Id"].partition("/")
    base = of["Page"].removesuffix(f"cards/{of['Id']}")

    def here(source: str) -> str:
        for page, target in _PAGES if base else ():
            source = re.sub(f'href="{re.escape(base)}{page}', f'href="{target}', source)
        return source.replace(f'href="card:{address}/', 'href="card:')

    found = _POINTS.search(of["More"])
    of["More"] = _POINTS.sub("", of["More"])
    points = re.findall(r"<li>(.*?)</li>", found[0], re.DOTALL) if found else []
    parts = [here(of[field]) for field in ("Question", "Answer", "More")]
    question, *answers = map(markdown_of, parts)
    return Draft(
        where,
        question,
        "\n\n".join(filter(None, answers)),
        tags=tuple(tag for tag in tags if not _MADE_TAG.match(tag)),
        level=of["Level"],
        sources=tuple(filter(None, map(str.strip, of["Sources"].split(",")))),
        name=name,
        text="\n".join((*(OURS.sub("", plain_of(part)) for part in (*parts, *points)), of["Level"], of["Sources"])),
        key=key,
        points=tuple(map(markdown_of, points)),
    )
