"""Whatever an author's text holds, it becomes a content file without a mistake that shows the same words."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.cards.check.check import examine
from app.cards.file.blocks import read
from app.cards.render.render import render
from app.exchange.imports.draft import Draft, Reading
from app.exchange.imports.html_to_markdown import markdown_of
from app.exchange.imports.mend import mend, mend_question
from app.exchange.imports.target_file import target_file
from app.exchange.imports.write import write
from tests.examples import examples

PIECES = [
    *("# ", "## ", "### ", "\n", "\n\n", "    ", "\t", "- ", "1. ", "> ", "---", "===", "```", "~~~", "```python", "`"),
    *(
        "$",
        "$$",
        "$x$",
        "$\\frac{1}$",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "\\",
        "[",
        "](",
        ")",
        "![",
        "](x.png)",
        "<",
        ">",
        "|",
    ),
    *("##x", "###### x", "<!--", "-->", "<!-- a -->"),
    *("Source: ", "Level: easy", "Tags: ", "tags:", "Draft: yes", "{#id}", "{#", "*", "_", "~~", "&amp;", "[a]: b"),
    *(
        "[a](demo:nothing)",
        "[a](card:no)",
        "[a](mailto:x)",
        "<http://a.b>",
        "<mailto:a@b>",
        "word",
        "5",
        "é",
        "Key points",
    ),
    *("\x00", "\x85", "\u2028", "\ud800", "\ufeff", "| a | b |\n|---|---|\n| $|x|$ | c |", "a\n-", "a\n="),
]
MARKDOWN = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def shown(markdown: str) -> str:
    """The words that a reader sees, by the app's own renderer."""
    document = read(markdown)
    out = render(document.blocks, document.references, "d").html
    spaced = re.sub(r"<br ?/?>|</?(?:p|li|ul|ol|h3|blockquote|pre|td|th|tr)[^>]*>", " ", out)
    return " ".join(html.unescape(re.sub("<[^>]*>", "", spaced)).split())


def mistakes_of(*drafts: Draft, explanation: str = "", key_points: str = "") -> list[str]:
    with TemporaryDirectory() as folder:
        content = Path(folder)
        done = write(
            Reading("T", iter(drafts), explanation, key_points), target_file(content, "d/new", Path("x")), None
        )
        checked = examine(content)
        cards = {card.line for file in checked.files for card in (*file.cards, *file.drafts)}
        assert len(cards) == done.cards + done.drafts
        return [str(mistake) for mistake in checked.mistakes]


@examples(150)
@given(st.lists(st.tuples(MARKDOWN, MARKDOWN), min_size=1, max_size=3), MARKDOWN, MARKDOWN)
def test_any_text_passes_the_check(cards, explanation, key_points):
    drafts = [Draft(f"line {at}", f"Question {question}", answer) for at, (question, answer) in enumerate(cards)]
    assert mistakes_of(*drafts, explanation=explanation, key_points=key_points) == []


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("It costs $5, or $6.", r"It costs \$5, or \$6."),
        (r"So \(h_t\) and \[x = 1\].", "So $h_t$ and $$x = 1$$."),
        (r"From \(a\)2 on", "From $a$ 2 on"),
        ("## A heading\n\ntext", "\\## A heading\n\ntext"),
        ("### A small one", "### A small one"),
        ("##Tight\ntext\n  ###tighter", "\\##Tight\ntext\n  \\###tighter"),
        ("one <!-- not\nyet -->two", "one two"),
        ("`<!-- a -->` stays", "`<!-- a -->` stays"),
        ("text\n---\nmore", "text\n\n---\nmore"),
        ("text\n===", "text\n\\==="),
        ("```python\nx = $1\n# no heading", "```python\nx = $1\n# no heading\n```"),
        ("```\na\n```python\nb\n```", "```\na\n```\n```python\nb\n```"),
        ("```nonsuch\na\n```", "```\na\n```"),
        ("~~~\n\ta\n~~~", "~~~\n\ta\n~~~"),
        ("Source: a book", "(Source: a book)"),
        ("text\n\ntags: a", "text\n\ntags\\: a"),
        ("Draft: 3", "Draft\\: 3"),
        ("[see](notes/a.md) it", "see it"),
        ("[see](https://a.org/x_(y)) it", "[see](https://a.org/x_(y)) it"),
        ("![a plot](p.png) of it", "a plot of it"),
        ("`$x` and ``a`b``", "`$x` and ``a`b``"),
        (r"$\frac{1}$ is broken", r"`\frac{1}` is broken"),
        ("a\n\n\n\nb", "a\n\nb"),
    ],
)
def test_what_would_be_read_otherwise_is_escaped(source, becomes):
    assert mend(source, []) == becomes


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (r"\(\nonsuch\)", r"the formula \nonsuch is kept as text: unknown command"),
        ("[see](a.md)", "the link to a.md is left out"),
        ("![](p.png)", "the picture p.png is left out"),
        ("```cobolt\nx\n```", "the language 'cobolt' of a code fence is not known"),
        ("```\nx", "a code fence was never closed"),
    ],
)
def test_what_is_left_out_is_told(source, says):
    told: list[str] = []
    mend(source, told)
    assert any(says in sentence for sentence in told), told


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
        ("What is\n$h_t$?", "What is $h_t$?"),
        ("Is it C #", r"Is it C \#"),
        ("Key points", "Key points:"),
        ("What does {#x} do?", r"What does {\#x} do?"),
        ("What is [this](https://a.org)?", "What is this?"),
        ("One line\\\nand another", "One line and another"),
    ],
)
def test_a_question_is_one_line(source, becomes):
    assert mend_question(source, []) == becomes


def test_a_line_that_is_read_wrongly_gives_way_alone():
    draft = Draft("line 1", "Why?", "Good *text*.\n\nA [link](card:nowhere) here.\n\nMore $x$.")
    with TemporaryDirectory() as folder:
        target = target_file(Path(folder), "d/new", Path("x"))
        done = write(Reading("T", iter([draft])), target, None)
        text = done.files[0].read_text()
    assert "Good *text*." in text
    assert "More $x$." in text
    assert r"A \[link\]\(card\:nowhere\) here\." in text
    assert any("there is no card 'nowhere'" in sentence for _where, sentence in done.told)


WORDS = st.lists(
    st.sampled_from(
        [*"*_`#$~|<>[]()!&:;.,-+=\\{}'\"^ ab1é", "  ", "&lt;", "## ", "- ", "1. ", "](", "```", "**", "~~", "$$"]
    ),
    min_size=1,
    max_size=25,
).map("".join)


def plain(words: str) -> str:
    assume(not re.search(r"\\\(.*\\\)|\\\[.*\\\]", words))
    return " ".join(words.split())


@examples(400)
@given(WORDS)
def test_text_of_a_note_shows_as_it_is(words):
    # Anki shows html.escape(words) as these words; so does the Markdown made of it.
    assert shown(mend(markdown_of(html.escape(words), []), [])) == plain(words)


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
    seen = shown(mend(markdown_of(source, []), []))
    assert re.sub(r"[^abxy(.*]", "", seen) == letters


@pytest.mark.parametrize(
    ("source", "becomes"),
    [
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
    assert markdown_of(source, []).strip() == becomes


def test_pictures_and_sounds_are_told():
    told: list[str] = []
    assert markdown_of('see <img src="a b.png" alt="the cell">[sound:x.mp3]', told).strip() == "see the cell"
    assert told == ["the picture a b.png is left out", "the sound x.mp3 is left out"]


@pytest.mark.parametrize(
    "unit", ["<", "<!--", "<a ", "</", "<![", "&#", "<script>", "<a b='", r"\(", r"\[", "[latex]", "<b>"]
)
def test_reading_html_is_linear(unit):
    # 200 kB of any of these is read in the time of a test; a quadratic reader would take minutes.
    markdown_of(unit * (200_000 // len(unit)), [])
