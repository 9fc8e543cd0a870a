"""The Markdown file of a demo: its title, idea, main knobs and summary, what to try, its sources and where to go on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from app.nn.framework import NAMES

FRONT = ("title", "idea", "knobs")
IDEAS = ("The recurrence", "Learning", "Gates", "Sequence to sequence", "Beside the RNN")

_STATE = re.compile(r"- \[(?P<label>.+?)\]\(\?(?P<query>[^#)]*)(?:#(?P<numbers>[^)]*))?\): (?P<notice>.+)")
STEPS_OF_A_TOUR = 5
_FORMS = {
    "Tour": ("- [title](?parameter=value#number=1.5): what is to be seen", _STATE),
    "Try this": ("- [label](?parameter=value): what to notice", _STATE),
    "Sources": ("- paper, or - paper: $equation$", re.compile(r"- (?P<paper>.+?)(?:: \$(?P<equation>.+)\$)?")),
    "Next": ("- [words](demo:name)", re.compile(r"- \[(?P<words>.+?)\]\(demo:(?P<name>[a-z0-9-]+)\)")),
}
_PROGRAMS = {title: framework for framework, title in NAMES.items()}


@dataclass(frozen=True)
class TryThis:
    """A state worth seeing, to try or as a step of a tour: a label, what changes from the defaults, what to notice.

    `numbers` are those that the link states, as in a card (`#ratio=0.0052`); `line` is its place in the file.
    """

    label: str
    change: Mapping[str, str]
    notice: str
    numbers: str
    line: int


@dataclass(frozen=True)
class Source:
    """Where the mathematics comes from: the paper, and its equation in LaTeX, which is empty if none is its own."""

    paper: str
    equation: str


@dataclass(frozen=True)
class Words:
    """What a demo's Markdown file says.

    `knobs` are the parameters that stand beside the first figure. `tour` are the steps of a guided tour, if there is
    one. `next` are (demo, words that lead there); `programs` the code of its layers by framework; `mistakes` are (line,
    message).
    """

    title: str
    idea: str
    knobs: Sequence[str]
    summary: str
    tour: Sequence[TryThis]
    try_this: Sequence[TryThis]
    sources: Sequence[Source]
    next: Sequence[tuple[str, str]]
    programs: Mapping[str, str]
    mistakes: Sequence[tuple[int, str]]


def read_words(path: Path) -> Words:
    """Read a demo's Markdown file. What cannot be read is left out, and named in `mistakes`."""
    front: dict[str, str] = {}
    summary: list[str] = []
    items: dict[str, list[tuple[int, re.Match[str]]]] = {}
    code: dict[str, list[str]] = {}
    mistakes: list[tuple[int, str]] = []
    place = "start"
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if line == "---" and place in ("start", "front"):
            place = "front" if place == "start" else "summary"
        elif line.startswith("## "):
            place = line.removeprefix("## ")
            if place not in (*_FORMS, *_PROGRAMS) or place in (*items, *code):
                sections = ", ".join((*_FORMS, *_PROGRAMS))
                mistakes.append((number, f"the sections are {sections}, each once, not {place!r}"))
            (code if place in _PROGRAMS else items).setdefault(place, [])
        elif place in _PROGRAMS:
            code[place].append(line)
        elif place == "front":
            key, _, value = line.partition(": ")
            if key not in FRONT or not value.strip():
                mistakes.append(
                    (number, f"the front matter has {', '.join(f'{key}: …' for key in FRONT)}, not {line!r}")
                )
            front[key] = value.strip()
        elif place == "summary":
            summary += line.split()
        elif place in _FORMS and line.strip():
            form, pattern = _FORMS[place]
            if found := pattern.fullmatch(line.rstrip()):
                items[place].append((number, found))
            else:
                mistakes.append((number, f"under {place!r} each line is {form}"))
        elif place == "start":
            mistakes.append(
                (number, "the file must begin with front matter: a line ---, title: …, idea: …, knobs: …, a line ---")
            )
            place = "summary"
    mistakes += [(1, problem) for problem in _missing(front, summary, items)]
    return Words(
        title=front.get("title", path.stem),
        idea=front.get("idea", ""),
        knobs=front["knobs"].split(", ") if "knobs" in front else (),
        summary=" ".join(summary),
        tour=_states(items.get("Tour", ())),
        try_this=_states(items.get("Try this", ())),
        sources=[Source(f["paper"], f["equation"] or "") for _, f in items.get("Sources", ())],
        next=[(f["name"], f["words"]) for _, f in items.get("Next", ())],
        programs={
            _PROGRAMS[title]: "\n".join(lines).strip().removeprefix("```python\n").removesuffix("```")
            for title, lines in code.items()
        },
        mistakes=mistakes,
    )


def _states(found: Sequence[tuple[int, re.Match[str]]]) -> list[TryThis]:
    return [
        TryThis(
            f["label"], dict(parse_qsl(f["query"], keep_blank_values=True)), f["notice"], f["numbers"] or "", number
        )
        for number, f in found
    ]


def _missing(front: Mapping[str, str], summary: Sequence[str], items: Mapping[str, Sequence[object]]) -> list[str]:
    found = [f"the front matter needs {key}: …" for key in FRONT if key not in front]
    if front.get("idea", IDEAS[0]) not in IDEAS:
        found.append(f"the idea must be one of {', '.join(IDEAS)}, not {front['idea']!r}")
    if not summary:
        found.append("a summary must follow the front matter")
    if (tries := len(items.get("Try this", ()))) not in (3, 5):
        found.append(f"a section '## Try this' must have three or five states to try; here are {tries}")
    if len(items.get("Tour", range(STEPS_OF_A_TOUR))) != STEPS_OF_A_TOUR:
        found.append(f"a section '## Tour' must have {STEPS_OF_A_TOUR} steps; here are {len(items['Tour'])}")
    if not items.get("Sources"):
        found.append("a section '## Sources' must name a source")
    return found
