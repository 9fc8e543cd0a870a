"""Unpacks the fonts that pictures are lettered with: `python -m app.web.frame.picture_fonts`, part of the set-up.

Browsers take fonts packed as WOFF2; what draws pictures takes TrueType.
"""

from app.settings import ROOT

FAMILY = "STIX Two Text"
_FACES = ("400-normal", "600-normal")
PACKED = ROOT / "node_modules/@fontsource/stix-two-text/files"
FONTS = tuple(ROOT / f"node_modules/.recur/text-{face}.ttf" for face in _FACES)


def unpack() -> None:
    """Write FONTS."""
    from fontTools.ttLib import TTFont

    for face, path in zip(_FACES, FONTS, strict=True):
        font = TTFont(PACKED / f"stix-two-text-latin-{face}.woff2")
        font.flavor = None
        path.parent.mkdir(exist_ok=True)
        font.save(path)


if __name__ == "__main__":
    unpack()
