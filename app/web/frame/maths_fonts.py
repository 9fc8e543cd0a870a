"""Cuts the font for formulas into the files that static/maths.css names: `python -m app.web.frame.maths_fonts`.

Signs, Greek and italics; other alphabets; the rest: browsers fetch what a page uses. No two share a character: where
the first file came too late, a browser would fetch the next that has it, and move the page.
It also unpacks the font that pictures are lettered with: browsers take WOFF2, what draws a picture takes TrueType.

Part of the set-up (see Makefile): fontTools is not imported while the app runs.
"""

import re
from pathlib import Path
from typing import Any

from app.settings import ROOT

WHOLE = ROOT / "node_modules/@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2"
CUT = ROOT / "node_modules/.recur"
PACKED = ROOT / "node_modules/@fontsource/stix-two-text/files"
FOR_PICTURES = tuple(CUT / f"text-{face}.ttf" for face in ("400-normal", "600-normal"))
_FACE = re.compile(r'@font-face \{[^}]*url\("lib/(maths[\w-]*\.woff2)"\)[^}]*unicode-range: ([^}]*?) *\}')
_RANGE = re.compile(r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?")
WIDEST_ROOT = 970
_PRIMES = range(0x2032, 0x2035)
_ABOVE = range(0x20D0, 0x20F0)


def characters(css: str) -> dict[str, set[int]]:
    """The characters of each file that the style sheet names. One that a later face has is left out of those before."""
    files: dict[str, set[int]] = {}
    for name, ranges in _FACE.findall(css):
        pairs = ((int(first, 16), int(last or first, 16)) for first, last in _RANGE.findall(ranges))
        own = {code for first, last in pairs for code in range(first, last + 1)}
        files = {before: codes - own for before, codes in files.items()} | {name: own}
    return files


def cut(css: str, whole: Path = WHOLE, folder: Path = CUT) -> None:
    """Write the files, each with the glyphs of its characters and the larger sizes of stretched signs."""
    from fontTools import subset

    folder.mkdir(exist_ok=True)
    for name, codes in characters(css).items():
        options = subset.Options(flavor="woff2", hinting=False, glyph_names=False, name_IDs=[1, 2], layout_features=[])
        font = subset.load_font(str(whole), options)
        mend(font)
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=codes & font.getBestCmap().keys())
        subsetter.subset(font)
        subset.save_font(font, str(folder / name), options)


def mend(font: Any) -> None:
    """Correct what keeps browsers from drawing signs of STIX Two Math as in print.

    Heads of arrows are joined on the wrong side, so that → does not stretch; only the combining tilde has wide forms,
    and browsers stretch ~; a mark without an advance stands left of its letter; primes are small and high; and Chromium
    reserves the width of the largest root for each, which leaves a gap behind small ones.
    """
    names, variants = font.getBestCmap(), font["MATH"].table.MathVariants
    for construction in variants.HorizGlyphConstruction:
        parts = construction.GlyphAssembly.PartRecords if construction.GlyphAssembly else []
        for part in parts[1:]:
            if part.StartConnectorLength < variants.MinConnectorOverlap:
                part.StartConnectorLength, part.EndConnectorLength = part.EndConnectorLength, part.StartConnectorLength
    glyphs, wide = variants.HorizGlyphCoverage.glyphs, variants.HorizGlyphConstruction
    tilde, wide_tilde = names[ord("~")], wide[glyphs.index(names[0x303])]
    order = sorted([*zip(glyphs, wide, strict=True), (tilde, wide_tilde)], key=lambda one: font.getGlyphID(one[0]))
    variants.HorizGlyphCoverage.glyphs = [glyph for glyph, _construction in order]
    variants.HorizGlyphConstruction = [construction for _glyph, construction in order]
    variants.HorizGlyphCount = len(order)
    for code in _PRIMES:
        _reshape(font, names[code], 1.35, 1.35, (0, -260))
    for code in (code for code in _ABOVE if code in names):
        _reshape(font, names[code], 1, 1, (-font["hmtx"][names[code]][1], 0))
        font["hmtx"][names[code]] = (font["glyf"][names[code]].xMax, 0)
    root = names[ord("√")]
    sizes = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(root)]
    pieces = [part.glyph for part in sizes.GlyphAssembly.PartRecords]
    for name in {*pieces, *(size.VariantGlyph for size in sizes.MathGlyphVariantRecord)} - {root}:
        _reshape(font, name, min(1, WIDEST_ROOT / font["hmtx"][name][0]))
    _reshape(font, root, 1.1)


def _reshape(font: Any, name: str, wide: float, high: float = 1, shift: tuple[int, int] = (0, 0)) -> None:
    """Scale a glyph with its advance, then shift it."""
    shapes, advances = font["glyf"], font["hmtx"]
    shape = shapes[name]
    coordinates, ends, flags = shape.getCoordinates(shapes)
    coordinates.scale((wide, high))
    coordinates.translate(shift)
    coordinates.toInt()
    shape.numberOfContours, shape.endPtsOfContours = len(ends), ends
    shape.coordinates, shape.flags = coordinates, flags
    shape.__dict__.pop("components", None)
    shape.recalcBounds(shapes)
    advances[name] = (round(advances[name][0] * wide), shape.xMin)


def unpack() -> None:
    """Write FOR_PICTURES."""
    from fontTools.ttLib import TTFont

    CUT.mkdir(exist_ok=True)
    for path in FOR_PICTURES:
        font = TTFont(PACKED / f"stix-two-text-latin-{path.stem.removeprefix('text-')}.woff2")
        font.flavor = None
        font.save(path)


if __name__ == "__main__":
    unpack()
    cut((ROOT / "static/maths.css").read_text(encoding="utf-8"))
