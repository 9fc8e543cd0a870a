"""Pictures and sounds: what their bytes say, and what is refused."""

import struct
import zlib
from pathlib import Path

import pytest

from app.cards.file.pictures import LARGEST_PICTURE, find_pictures, open_picture, picture_of

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="40" height="30">{}</svg>'
)


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x40\x80\xc0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\0\x11\x08\0\x1e\0\x28\3\1\x22\0\2\x11\1\3\x11\1\xff\xd9"
WEBP = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x27\0\0\x1d\0\0" + bytes(8)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (png(40, 30), "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a\x28\0\x1e\0\0\0\0;", "image/gif"),
        (WEBP, "image/webp"),
        (SVG.format("").encode(), "image/svg+xml"),
        (b'<?xml version="1.0"?>\n<!-- made by hand -->' + SVG.format("<g/>").encode(), "image/svg+xml"),
    ],
)
def test_the_kind_and_the_size_are_read_from_the_bytes(data: bytes, kind: str) -> None:
    found = picture_of("misnamed.gif", data)
    assert (found.problem, found.media_type, found.width, found.height) == ("", kind, 40, 30)
    assert not found.is_sound


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"ID3\3\0" + bytes(50), "audio/mpeg"),
        (b"\xff\xfb\x90\0", "audio/mpeg"),
        (b"OggS\0", "audio/ogg"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
    ],
)
def test_sounds(data: bytes, kind: str) -> None:
    found = picture_of("a.mp3", data)
    assert (found.problem, found.media_type, found.is_sound) == ("", kind, True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\0",
        b"%PDF-1.7",
        b"<html><script>alert(1)</script></html>",
        b"text",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        png(10_000, 5_001),
    ],
)
def test_other_bytes_are_no_picture_whatever_the_name(data: bytes) -> None:
    assert picture_of("a.png", data).problem


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<g onload='alert(1)'/>",
        "<g ONCLICK='alert(1)'/>",
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>",
        "<iframe xmlns='http://www.w3.org/1999/xhtml' src='#'/>",
        "<s:script xmlns:s='http://www.w3.org/2000/svg'>alert(1)</s:script>",
        "<a href='https://example.org/'><text>x</text></a>",
        "<a xlink:href=' javascript:alert(1)'><text>x</text></a>",
        "<image xlink:href='//example.org/i.png'/>",
        "<image href='other.png'/>",
        "<use href='data:text/html,x'/>",
        "<set attributeName='href' to='javascript:alert(1)'/>",
        "<rect fill='url(https://example.org/#a)'/>",
        "<rect style=\"fill: url( 'https://example.org/#a')\"/>",
        f"<rect fill='url({' ' * 200_000}https://example.org/#a)'/>",
        "<style>@import 'https://example.org/a.css';</style>",
        "<style><![CDATA[@font-face { src: url(https://example.org/a.woff2) }]]></style>",
    ],
)
def test_an_svg_that_does_or_loads_something_is_refused_with_its_line(inside: str) -> None:
    assert "its line 3 " in picture_of("a.svg", SVG.format(f"\n\n{inside}\n").encode()).problem


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + SVG.format("<text>&a;</text>").encode(),
        b'<?xml version="1.0"?><?xml-stylesheet href="https://example.org/a.css"?>' + SVG.format("").encode(),
        b"<svg><rect/></svg>",
        b'<?xml version="1.0" encoding="utf-7"?>' + SVG.format("").encode(),
        SVG.format("<g>").encode(),
        b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_other_xml_is_no_svg(data: bytes) -> None:
    assert "its line 1 " in picture_of("a.svg", data).problem


def test_what_drawing_programs_write_is_taken() -> None:
    inside = (
        "<metadata><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:x r:resource='http://purl.org/x'/>"
        "</r:RDF></metadata><defs><path id='a' d='M0 0'/></defs><use xlink:href='#a' fill='url(#b)'/>"
        "<style>.a { fill: url('#b') } @font-face { src: url(data:font/woff2;base64,AAAA) }</style>"
        "<image href='data:image/png;base64,AAAA'/><text>see url(https://example.org)</text>"
    )
    assert picture_of("a.svg", SVG.format(inside).encode()).problem == ""


def test_a_deck_has_the_pictures_of_its_own_folder_alone(tmp_path: Path) -> None:
    deck, other = tmp_path / "content" / "d", tmp_path / "content" / "e"
    for folder in (deck / "img", deck / ".git", other):
        folder.mkdir(parents=True)
    for path in ("img/A b.PNG", ".git/a.png", "notes.txt", "../e/e.png", "../../secret.png"):
        (deck / path).write_bytes(png(2, 1))
    (deck / "out.png").symlink_to(tmp_path / "secret.png")
    (deck / "other.png").symlink_to(other / "e.png")
    (deck / "within.png").symlink_to(deck / "img" / "A b.PNG")
    (deck / "nowhere.png").symlink_to(deck / "nowhere")
    (deck / "large.png").write_bytes(png(2, 1) + bytes(LARGEST_PICTURE))
    found = {one.name: one for one in find_pictures(tmp_path / "content", "d")}
    assert {name: bool(one.problem) for name, one in found.items()} == {
        "img/A b.PNG": False,
        "within.png": False,
        "out.png": True,
        "other.png": True,
        "large.png": True,
    }
    for name, one in found.items():
        assert bool(open_picture(tmp_path / "content", "d", name)) is not bool(one.problem)
    for name in (
        "../e/e.png",
        "../../secret.png",
        str(tmp_path / "secret.png"),
        ".git/a.png",
        "notes.txt",
        "a\0.png",
        "img",
    ):
        assert open_picture(tmp_path / "content", "d", name) is None
    assert open_picture(tmp_path / "content", "..", "secret.png") is None
