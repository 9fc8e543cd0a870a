"""How a number came about, as MathML: a formula, with its numbers filled in, and its result."""

import re
from collections.abc import Sequence
from itertools import count

from markupsafe import Markup, escape

from app.cards.render.maths import mathml
from app.cards.render.render import inline
from app.demos.machine.arithmetic import Arithmetic
from app.demos.machine.numbers import latex, show

_LONE_NUMBER = re.compile(r"(?<![\d_^.])\d+(?:\.\d+)?")
_STAND_IN, _MARK = 7_000_001, 8_000_001


def filled(formula: str, operands: Sequence[str] = ()) -> Markup:
    """A formula with its numbers filled in, as MathML. The formula is converted once, for any numbers.

    `operands` are what the numbers stand for, in order; one that stands for nothing is "".
    """
    numbers = _LONE_NUMBER.findall(formula)
    stand_ins = map(str, count(_STAND_IN))
    form = mathml(_LONE_NUMBER.sub(lambda _: next(stand_ins), formula))
    for index, number in enumerate(numbers):
        if index < len(operands) and operands[index]:
            form = form.replace(f"<mn>{_STAND_IN + index}", f'<mn data-from="{escape(operands[index])}">{number}')
        form = form.replace(str(_STAND_IN + index), number)
    return Markup(form)  # noqa: S704  (MathML, and digits)


def _of_each_number(arithmetic: Arithmetic, operands: Sequence[str]) -> list[str]:
    """What each number in the filled formula stands for, where `operands` say it of each symbol."""
    texts: list[str] = []

    def marked(value: float) -> str:
        texts.append(latex(value))
        return str(_MARK + len(texts) - 1)

    found: list[str] = []
    for number in _LONE_NUMBER.findall(arithmetic.write(marked)) if arithmetic.write else ():
        place = int(number) - _MARK if number.isdecimal() else -1
        if 0 <= place < len(operands):
            found += [operands[place]] * len(_LONE_NUMBER.findall(texts[place]))
        else:
            found.append("")
    return found


def worked(arithmetic: Arithmetic, operands: Sequence[str] = ()) -> Markup:
    """How a number came about, as MathML: `symbols = filled = result`. `operands` are what its symbols stand for."""
    numbers = _of_each_number(arithmetic, operands) if operands else ()
    with_numbers = f" = {filled(arithmetic.filled, numbers)}" if arithmetic.filled else ""
    result = f'<b class="num">{show(arithmetic.result)}</b>'
    return Markup(f"{mathml(arithmetic.symbols)}{with_numbers} = {result}")  # noqa: S704  (MathML, and digits)


def step_html(step: Arithmetic | str) -> str:
    """A line of a working, with what is said beside it."""
    if isinstance(step, str):
        return inline(step)
    return f"{inline(step.says)} {worked(step)}" if step.says.endswith(":") else f"{worked(step)} {inline(step.says)}"
