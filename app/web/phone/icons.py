"""Draws the icons of static/ from icon.svg: `python -m app.web.phone.icons`, after a change of that file."""

import resvg_py

from app.web.frame.assets import STATIC

ICONS = {
    "icon-192.png": (192, False),
    "icon-512.png": (512, False),
    "icon-maskable.png": (512, True),
    "apple-touch-icon.png": (180, True),
}
"""Each file's size in pixels, and whether the system cuts its shape: such an icon is filled to its edges."""
_EDGES = 'rx="7" '
_DRAWING = '<g fill="none"'


def drawn(size: int, fills: bool) -> bytes:
    """The icon as PNG. If the system cuts its shape, what is drawn stays within the middle four fifths."""
    svg = (STATIC / "icon.svg").read_text(encoding="utf-8")
    if fills:
        svg = svg.replace(_EDGES, "").replace(_DRAWING, f'<g transform="translate(3.2 3.2) scale(.8)">{_DRAWING}', 1)
        svg = svg.replace("</svg>", "</g></svg>")
    return resvg_py.svg_to_bytes(svg, width=size, height=size, skip_system_fonts=True)


if __name__ == "__main__":
    for name, (size, fills) in ICONS.items():
        (STATIC / name).write_bytes(drawn(size, fills))
