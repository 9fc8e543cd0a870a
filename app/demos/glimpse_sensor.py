"""A retina that moves: patches of an image around one place, and a recurrent core that decides where to look next."""

import random
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from app.demos.machine.arithmetic import Arithmetic, Formula, given, products
from app.demos.machine.demo import Demo
from app.demos.machine.figures import Handle, Row, Trace
from app.demos.machine.numbers import fill
from app.demos.machine.parameters import Parameters, choice, number
from app.demos.machine.prediction import EXACT, Prediction, Question, Slips, parting
from app.demos.machine.result import Result
from app.demos.parts.glimpse_images import IMAGES
from app.demos.parts.retina import PITCH, SIDE, retina
from app.nn import glimpse

AXES = (("down", "down", 0), ("right", "to the right", 1))


class GlimpseSensor(Parameters):
    """An image, where the eye starts, what it sees in one look, and what its core does with it."""

    image: Literal["seven", "ring", "two"] = choice("seven", title="Image", says="16 × 16 pixels.")
    row: int = number(12, 0, SIDE, step=1, title="Start: row", says="From the top; 8 is the middle.")
    column: int = number(3, 0, SIDE, step=1, title="Start: column", says="From the left; 8 is the middle.")
    size: int = number(4, 2, 8, step=2, title="Patch size", says="Rows and columns of each patch.")
    scales: int = number(3, 1, 4, step=1, title="Scales", says="Each patch covers twice the width of the one before.")
    looks: int = number(4, 1, 8, step=1, title="Looks", says="Number of glimpses.")
    look: int = number(1, 1, 8, step=1, title="Look to show", says="If there are fewer, the last.")
    keeps: float = number(0.3, 0, 0.9, step=0.1, title="Recurrent weight", says="Share of its state the core keeps.")
    gain: float = number(8, 0, 20, slide=(0, 12), step=0.5, title="Gain", says="How strongly ink attracts.")
    home: float = number(0, 0, 1, slide=(0, 0.3), step=0.01, title="Pull to the middle", says="From the location.")

    def misfits(self) -> Iterator[tuple[str, str, str]]:
        """Odd patch sizes: half of a patch lies on each side of the place."""
        if self.size % 2:
            yield "size", "an even number, half of it on each side of the place", str(self.size - 1)


def compute(p: GlimpseSensor) -> Result:
    """Look, encode, update the state, move on. Each look reads a few numbers instead of all pixels."""
    image = IMAGES[p.image]
    made = glimpse.looks(image, (p.row, p.column), p.size, p.scales, p.looks, p.keeps, p.gain, p.home)
    at = min(p.look, p.looks)
    seen, last = made[at - 1], made[-1]
    read = p.size**2 * p.scales
    numbers: dict[str, float] = {
        "look": at,
        "looks": p.looks,
        "row": seen.place[0],
        "column": seen.place[1],
        "end_row": last.place[0],
        "end_column": last.place[1],
        "read_once": read,
        "read": read * p.looks,
        "pixels": image.size,
        "widest": p.size * 2 ** (p.scales - 1),
        "ink_first": float(made[0].patches[0].mean()),
        "ink_here": float(seen.patches[0].mean()),
        "ink_last": float(last.patches[0].mean()),
        "ink_wide": float(made[0].patches[-1].mean()),
    }
    warnings = []
    if read * p.looks > image.size:
        warnings.append(fill("It reads {read numbers}, more than the {pixels} pixels of the image.", numbers))

    picture = retina(image, made, at, fill(_verdict(numbers), numbers))
    return Result(numbers, (picture, _core(p, made, at), _patches(p, seen), _image(p)), warnings)


def _verdict(numbers: dict[str, float]) -> str:
    told = "Look {look} is at row {row}, column {column}, and reads {read_once} numbers instead of {pixels}. "
    if numbers["looks"] == 1:
        return told + "The small, sharp patch has a mean ink of {ink_here}."
    if numbers["ink_last"] == numbers["ink_first"] == 0:
        why = (
            "all that it sees is empty" if numbers["ink_wide"] == 0 else "the ink at the edge of its view is too faint"
        )
        return told + f"After {{looks looks}} the sharp patch has still found no ink: {why}."
    return told + "From first look to last, the mean ink in the sharp patch goes from {ink_first} to {ink_last}."


def _core(p: GlimpseSensor, made: list[glimpse.Look], at: int) -> Trace:
    ink = given(r"\mathrm{mean}(\text{patch}_1)", "The mean of the sharp patch's cells.")
    sharp = np.array([look.patches[0].mean() for look in made])
    rows = [Row("ink", "ink, sharp", sharp, ink, words="ink in the sharp patch")]

    def first(look: int) -> Handle | None:
        return Handle(down="row", across="column", pitch=PITCH) if look == 1 else None

    for key, words, axis in AXES:
        name = ("row", "column")[axis]
        places, glimpses, states = (np.array([getattr(look, of)[axis] for look in made]) for of in ("place", "g", "h"))
        rows += [
            Row(
                key,
                f"{name} $l_t$",
                places * 1.0,
                _place(p, made, axis, key),
                words=f"place: {name}",
                group=words,
                handle=first,
            ),
            Row(f"g{key}", "glimpse $g_t$", glimpses, _seen(p, made, axis), words=f"ink {words}"),
            Row(f"h{key}", "state $h_t$", states, _state(p, made, axis, key), words=f"state: {words}"),
        ]
    caption = "Each look updates the state, and the state decides where to look next."
    looks = [f"look {t}" for t in range(1, p.looks + 1)]
    chosen = ("hdown", at - 1)
    return Trace("core", "The recurrent core", caption, rows, chosen, columns=looks, column_word="look", follows="look")


def _place(p: GlimpseSensor, made: list[glimpse.Look], axis: int, key: str) -> Callable[[int], Formula]:
    reach = p.size * 2 ** (p.scales - 1) / 2
    moved = rf"\max(0, \min({SIDE}, \mathrm{{round}}(l_{{t-1}} + r \cdot h_{{t-1}})))"
    note = "The state times half the width of the widest patch; rounded, and kept within the image."

    def formula(t: int) -> Formula:
        if t == 1:
            return given("l_t", "Given: where the eye starts.", ("row", "column")[axis])
        before = made[t - 2]
        values = {"l_{t-1}": before.place[axis], "r": reach, "h_{t-1}": float(before.h[axis])}
        origins = {"l_{t-1}": f"{key},{t - 1}", "h_{t-1}": f"h{key},{t - 1}"}
        return Formula(r"l_t \approx l_{t-1} + r \, h_{t-1}", note, moved, values, origins=origins)

    return formula


def _seen(p: GlimpseSensor, made: list[glimpse.Look], axis: int) -> Callable[[int], Formula]:
    note = "The widest patch's ink, weighted by its distance from the centre, plus the pull to the middle."
    offsets = (np.arange(p.size) + 0.5) / p.size * 2 - 1

    def formula(t: int) -> Formula:
        look = made[t - 1]
        terms, values = products("j", ("o_j", offsets), ("v_j", look.patches[-1].sum(axis=1 - axis)))
        values |= {"h": p.home, "m": (SIDE / 2 - look.place[axis]) / (SIDE / 2)}
        where = r" + h \cdot m" if p.home else ""
        text = rf"g_t = \frac{{1}}{{{p.size**2}}} \sum o \, v + \text{{where}}"
        return Formula(text, note, f"({terms}) / {p.size**2}{where}", values)

    return formula


def _state(p: GlimpseSensor, made: list[glimpse.Look], axis: int, key: str) -> Callable[[int], Formula]:
    note = "The recurrent core: this glimpse, and what the state keeps of earlier ones."

    def formula(t: int) -> Formula:
        before = float(made[t - 2].h[axis]) if t > 1 else 0.0
        values = {"a": p.gain, "g_t": float(made[t - 1].g[axis]), "w": p.keeps, "h_{t-1}": before}
        origins = {"a": "gain", "g_t": f"g{key},{t}", "w": "keeps", "h_{t-1}": f"h{key},{t - 1}" * (t > 1)}
        return Formula(r"h_t = \tanh(a \, g_t + w \, h_{t-1})", note, values=values, origins=origins)

    return formula


def _patches(p: GlimpseSensor, seen: glimpse.Look) -> Trace:
    image = IMAGES[p.image]

    def cells(scale: int, row: int) -> Callable[[int], Formula]:
        k = 2 ** (scale - 1)
        half = p.size * k // 2

        def formula(column: int) -> Formula:
            top, left = seen.place[0] - half + (row - 1) * k, seen.place[1] - half + (column - 1) * k
            inside = image[max(top, 0) : max(top + k, 0), max(left, 0) : max(left + k, 0)]
            outside = " Outside the image all is 0." if inside.size < k * k else ""
            inked = (
                (r, c) for r in range(top, top + k) for c in range(left, left + k) if 0 <= min(r, c) <= max(r, c) < SIDE
            )
            pixels = " ".join(f"i{r + 1},{c + 1}" for r, c in inked)
            if k == 1:
                return given(rf"x_{{{top + 1},{left + 1}}}", f"The pixel itself.{outside}", pixels)
            note = f"The mean of {k} × {k} pixels.{outside}"
            return Formula(
                rf"\frac{{1}}{{{k * k}}} \sum x",
                note,
                f"s / {k * k}",
                {"s": float(inside.sum())},
                origins={"s": pixels * (k < 8)},
            )

        return formula

    rows = [
        Row(
            f"s{scale}r{i}",
            f"row {i}",
            patch[i - 1],
            cells(scale, i),
            words=f"scale {scale}, row {i}",
            group=f"scale {scale}: {p.size * 2 ** (scale - 1)} pixels wide",
        )
        for scale, patch in enumerate(seen.patches, start=1)
        for i in range(1, p.size + 1)
    ]
    caption = "All that the core reads in this look. Each scale has as many numbers, and four times the area."
    columns = [str(j) for j in range(1, p.size + 1)]
    return Trace("patches", "The patches", caption, rows, (rows[0].key, 0), columns=columns, column_word="column")


def _image(p: GlimpseSensor) -> Trace:
    rows = [
        Row(f"i{r}", f"row {r}", line, given(f"x_{{{r},j}}", "A pixel: 0 is paper, 1 is ink."))
        for r, line in enumerate(IMAGES[p.image], start=1)
    ]
    caption = "The whole image, which the eye never reads at once."
    columns = [str(c) for c in range(1, SIDE + 1)]
    return Trace("image", "The image", caption, rows, ("i1", 0), index="j", columns=columns, column_word="column")


def _instance(rng: random.Random) -> dict[str, str]:
    return {"size": str(rng.choice([2, 4, 6])), "scales": str(rng.choice([2, 3, 4])), "looks": str(rng.randint(2, 8))}


def _question(p: GlimpseSensor) -> Question:
    return Question(
        "How many numbers does the core read in all looks together?",
        "read",
        (
            f"an image of {SIDE} × {SIDE} pixels, and {p.looks} looks at it",
            f"at each look, patches of {p.size} × {p.size} cells at {p.scales} scales, each twice as wide as the last",
        ),
    )


def _working(p: GlimpseSensor, result: Result) -> list[Arithmetic]:
    once, read = result.numbers["read_once"], result.numbers["read"]
    look = Formula(r"\text{scales} \cdot \text{size}^2", written="s \\cdot c^2", values={"s": p.scales, "c": p.size})
    all_looks = Formula(
        r"\text{looks} \cdot \text{numbers a look}", written="n \\cdot k", values={"n": p.looks, "k": once}
    )
    return [look.worked_out(once, {}), all_looks.worked_out(read, {})]


def _slips(p: GlimpseSensor, result: Result) -> Slips:
    once = result.numbers["read_once"]
    wide = p.looks * sum((p.size * 2**s) ** 2 for s in range(p.scales))
    return [
        (once, "That is one look only."),
        (p.size**2 * p.looks, parting(1, "That is one scale only: each look takes a patch at every scale.")),
        (SIDE * SIDE, parting(1, "That is the whole image, which it never reads.")),
        (SIDE * SIDE * p.looks, parting(1, "That is the whole image at every look; it never reads it.")),
        (wide, parting(1, "A wider patch has no more cells: it is averaged down to the same size.")),
    ]


DEMO = Demo(
    __file__,
    GlimpseSensor,
    compute,
    Prediction(_instance, _question, _working, _slips, EXACT),
    shows=(glimpse.sensor, glimpse.moments, glimpse.looks),
)
