"""The HTML of a note becomes Markdown that shows the same words."""

import html
import re
from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.cards.file.blocks import read
from app.cards.render.render import Surroundings, render
from app.exchange.imports.markdown.from_html import markdown_of
from app.exchange.imports.markdown.mend import mend
from tests.examples import examples


def shown(markdown: str) -> str:
    """The words that a reader sees, by the app's own renderer."""
    document = read(markdown)
    out = render(document.blocks, Surroundings(document.references, "d")).html
    spaced = re.sub(r"<br ?/?>|</?(?:p|li|ul|ol|h3|blockquote|pre|td|th|tr)[^>]*>", " ", out)
    return " ".join(html.unescape(re.sub("<[^>]*>", "", spaced)).split())


WORDS = st.lists(
    st.sampled_from(
        [
            *"*_`#$~|<>[]()!&:;.,-+=\\{}'\"^ ab1é",
            "  ",
            "&lt;",
            "## ",
            "- ",
            "1. ",
            "](",
            "```",
            "**",
            "~~",
            "$$",
            "==a==",
            "{{c1::",
        ]
    ),
    min_size=1,
    max_size=25,
).map("".join)


def plain(words: str) -> str:
    assume(not re.search(r"\\\(.*\\\)|\\\[.*\\\]", words))
    return typed(" ".join(words.split()))


def typed(text: str) -> str:
    """As on a typewriter: pages set quotes and dashes as a printer does."""
    return re.sub("[‘’]", "'", re.sub("[“”]", '"', text)).replace("—", "---").replace("–", "--")


@examples(400)
@given(WORDS)
def test_text_of_a_note_shows_as_it_is(words):
    # Anki shows html.escape(words) as these words; so does the Markdown made of it.
    assert typed(shown(mend(markdown_of(html.escape(words)), []))) == plain(words)


def tagged() -> Iterator[tuple[str, str]]:
    for tag in ("b", "i", "em", "strong", "s", "code", "u", "span", "p", "div", "li", "blockquote", "td", "a", "pre"):
        yield f"<{tag}>", f"</{tag}>"
    yield "<ul><li>", "</li></ul>"
    yield '<a href="https://a.org">', "</a>"
    yield "<table><tr><td>", "</td></tr></table>"


@examples(300)
@given(st.lists(st.tuples(st.sampled_from(list(tagged())), st.text("ab(.* ", max_size=5)), max_size=5))
def test_marks_and_blocks_lose_no_letter(parts):
    source = "".join(f"x{start}{html.escape(words)}{end}y" for (start, end), words in parts)
    letters = re.sub(r"[^abxy(.*]", "", html.unescape(re.sub("<[^>]*>", "", source)))
    seen = shown(mend(markdown_of(source), []))
    assert re.sub(r"[^abxy(.*]", "", seen) == letters


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("<ul><li>[x] a</li><li>[ ] b</li></ul>", "- &#91;x] a\n- &#91; ] b"),
        ("<b>bold </b>and <i>not</i>", "**bold** and *not*"),
        ("a<br>b<br><br>c", "a\\\nb\n\nc"),
        ("<div>a</div><div>b&nbsp;c</div>", "a\n\nb c"),
        ("<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
        ("<blockquote>a<p>b</p></blockquote>", "> a\n>\n> b"),
        ("<pre><code>if a &lt; b:<br>    c</code></pre>", "```\nif a < b:\n    c\n```"),
        ("<h1>Why</h1>because", "### Why\n\nbecause"),
        ("x<sub>12</sub>y<sup>2</sup>z<sup>T-1</sup>", "x₁₂y²z^(T-1)"),
        (r"\(a &lt; b<br>+ 1\)", r"\(a < b + 1\)"),
        ("[$]x_1[/$] and [$$]y[/$$]", r"\(x_1\) and \[y\]"),
        ("[latex]$a$[/latex] [latex]\\begin{align*}b\\end{align*}[/latex]", r"\(a\) \[\begin{align*}b\end{align*}\]"),
        ('<anki-mathjax block="true">x</anki-mathjax>', r"\[x\]"),
        ("<table><tr><th>a</th></tr><tr><td>1|2</td></tr></table>", "| a |\n| --- |\n| 1\\|2 |"),
        ("<style>.x{}</style><script>evil()</script>seen", "seen"),
        ('<a href="https://a.org">there</a>', "[there](https://a.org)"),
    ],
)
def test_html_becomes_markdown(source, becomes):
    assert markdown_of(source).strip() == becomes


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ('see <img src="a b.png" alt="the cell">[sound:x.mp3]', "see ![the cell](<a b.png>)![](<x.mp3>)"),
        ('<img src="a(1).png" title="a [gate]">', "![a &#91;gate&#93;](<a(1).png>)"),
        ('<img src="a|b>.png">', "![](<a%7Cb%3E.png>)"),
        ('<span aria-label="a tone">[sound:x y.mp3]</span>', "![a tone](<x y.mp3>)"),
        ('<pre>a<img src="b.png">c</pre>', "```\na\n```\n\n![](<b.png>)\n\n```\nc\n```"),
        ('<table><tr><td><img src="b.png" alt="x|y"></td></tr></table>', "| ![x\\|y](<b.png>) |\n| --- |"),
    ],
)
def test_pictures_and_sounds_keep_their_names_and_words(source, becomes):
    assert markdown_of(source).strip() == becomes


@pytest.mark.parametrize(
    "unit", ["<", "<!--", "<a ", "</", "<![", "&#", "<script>", "<a b='", r"\(", r"\[", "[latex]", "<b>"]
)
def test_reading_html_is_linear(unit):
    # 200 kB of any of these is read in the time of a test; a quadratic reader would take minutes.
    markdown_of(unit * (200_000 // len(unit)))


def test_a_bar_in_a_formula_does_not_end_its_cell():
    source = (
        r"<table><tr><td>forget</td><td>\(\sigma(x|y)\), \(\|h\|\)</td></tr><tr><td>a|b</td><td>c</td></tr></table>"
    )
    assert markdown_of(source).split("\n") == [
        r"| forget | \(\sigma(x\vert y)\), \(\Vert h\Vert \) |",
        "| --- | --- |",
        r"| a\|b | c |",
    ]
