"""A state's first drawing with its caption, as a picture for programs that preview a shared link.

They take neither SVG nor style sheets that depend on the reader's choice, so it is one picture, in light colours.
"""

import textwrap
from functools import cache
from html import escape

import resvg_py

from app.demos.machine.drawing import miniature
from app.demos.machine.figures import Trace
from app.demos.machine.numbers import words
from app.demos.machine.result import Result
from app.web.frame.maths_fonts import FOR_PICTURES

WIDTH, HEIGHT = 1200, 630
"""What the previews of messengers and social networks are cut for."""
FAMILY = "STIX Two Text"
_LETTERS, _LINES = 90, 2
_INK, _QUIET, _PAPER, _SHEET, _ACCENT = "#1b1f24", "#5a626b", "#fbfaf6", "#ffffff", "#0b5c6b"
_HOT, _COLD = (181, 84, 28), (47, 95, 168)
_SHADES = range(-9, 10)


def drawn(title: str, result: Result) -> bytes:
    """The first drawing of a state with its caption, as PNG, WIDTH by HEIGHT."""
    figures = result.figures
    figure = next((one for one in figures if not isinstance(one, Trace)), figures[0])
    box = f'<svg x="60" y="150" width="{WIDTH - 120}" height="350" '
    lines = textwrap.wrap(words(figure.caption), _LETTERS, max_lines=_LINES, placeholder=" …")
    caption = "".join(
        f'<text class="caption" x="60" y="{560 + 36 * number}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><style>{_style()}</style>'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="6.5" refY="4" markerWidth="6.5" markerHeight="6.5" '
        f'orient="auto" markerUnits="userSpaceOnUse"><path d="M0 .5L8 4L0 7.5z" fill="{_QUIET}"/></marker></defs>'
        f'<text class="title" x="60" y="98">{escape(title)}</text>'
        f'<text class="brand" x="{WIDTH - 60}" y="98">Recur</text>'
        f"{miniature(figure).replace('<svg ', box, 1)}{caption}</svg>"
    )
    fonts = [str(path) for path in FOR_PICTURES]
    return resvg_py.svg_to_bytes(svg, background=_PAPER, skip_system_fonts=True, font_files=fonts, font_family=FAMILY)


@cache
def _style() -> str:
    """What static/demos.css says of miniatures, with each colour worked out."""
    heat = "".join(f'[data-heat="{shade}"]{{fill:{_mixed(shade)}}}' for shade in _SHADES)
    return (
        f"text{{font-family:'{FAMILY}';font-size:15px;fill:{_INK};text-anchor:middle}}"
        f".title{{font-size:54px;font-weight:600;text-anchor:start}}.caption{{font-size:28px;text-anchor:start}}"
        f".brand{{font-size:34px;font-weight:600;fill:{_ACCENT};text-anchor:end}}.index{{font-size:11px}}"
        f".weight{{font-size:12px;fill:{_ACCENT}}}.edge{{stroke:{_QUIET};stroke-width:1.3;fill:none;marker-end:url(#tip)}}"
        f".rec{{stroke:{_ACCENT};stroke-width:1.7}}circle,rect{{fill:{_SHEET};stroke:{_QUIET};stroke-width:1.2}}"
        f".line{{fill:none;stroke-width:8}}.axis{{fill:none;stroke:{_QUIET};stroke-width:2}}"
        f".s0{{stroke:#b5541c}}.s1{{stroke:{_QUIET}}}.s2{{stroke:{_ACCENT}}}"
        f".dashed{{stroke-dasharray:28 20}}.dotted{{stroke-dasharray:6 18}}{heat}"
    )


def _mixed(shade: int) -> str:
    """The colour of a number's size, -9 to 9: more of the warm or the cold one, on white."""
    share = 0 if shade == 0 else (1 + 7 * abs(shade)) / 100
    channels = (round(255 - share * (255 - channel)) for channel in (_HOT if shade > 0 else _COLD))
    return "#" + "".join(f"{channel:02x}" for channel in channels)
