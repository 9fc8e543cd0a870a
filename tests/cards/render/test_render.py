"""Authors' Markdown comes out as safe HTML, whatever is in it."""

import re
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.cards.file.blocks import Block, Token, read
from app.cards.file.pictures import DeckPicture
from app.cards.render.foreign import disarmed
from app.cards.render.render import Rendered, Surroundings, inline, render, render_line
from tests.examples import examples

HOSTILE = (Path(__file__).parent / "hostile.md").read_text().split("\n=====\n")
ALLOWED = set(
    re.split(
        " ",
        "p br hr strong em s code pre blockquote ul ol li span div a h3 h4 h5 h6 table thead tbody tr th td "
        "math semantics annotation mrow mi mn mo mtext mspace msqrt mpadded mphantom mtable mtr mtd "
        "mfrac msub msup munder mover mroot msubsup munderover mmultiscripts mprescripts",
    )
)


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ('He said "*it\'s* mine".', "<p>He said “<em>it’s</em> mine”.</p>"),
        ('`f(\'a\', "b")`\'s **"c"**', "<p><code>f('a', \"b\")</code>’s <strong>“c”</strong></p>"),
        ('["The" paper](https://example.org)\'s', "“The” paper</a>’s</p>"),
        (r"it is 5 \"ft\"", '<p>it is 5 "ft"</p>'),
        ("| a |\n|---|\n| it's -- so |", "<td>it’s – so</td>"),
        ('![the net\'s "core"](x.png)', "the net’s “core”"),
    ],
)
def test_quotes_and_dashes_are_typographic_outside_code(markdown: str, html: str) -> None:
    assert html in rendered(markdown).html.replace("&quot;", '"').replace("&#39;", "'")


def test_a_formula_keeps_its_primes_and_is_a_word_to_the_quotes_around_it() -> None:
    html = rendered("The \"$f'(x)$\" of $h_{t}$'s").html
    assert "f'(x)</annotation>" in html
    written = re.sub(r"<math.*?</math>", "F", html)
    assert written == '<p>The <span class="glued">“F”</span> of <span class="glued">F’</span>s</p>'


@pytest.mark.parametrize(
    ("written", "html"),
    [
        ("so $x$, and ($y$)!", 'so <span class="glued">F,</span> and <span class="glued">(F)!</span>'),
        ("($x$–$y$]…", '<span class="glued">(F–</span><span class="glued">F]…</span>'),
        (
            "**of $x$**. *($y$)*",
            '<strong>of <span class="glued">F.</span></strong> <em><span class="glued">(F)</span></em>',
        ),
        ("$x$&lt;, $y$ & z", "F&lt;, F &amp; z"),
        ("是 $x$。「$y$」", '是 <span class="glued">F。</span><span class="glued">「F」</span>'),
    ],
)
def test_punctuation_stays_on_the_line_of_the_formula_that_it_touches(written: str, html: str) -> None:
    assert re.sub(r"<math.*?</math>", "F", inline(written)) == html


def test_text_stays_as_written_where_that_is_asked() -> None:
    around = Surroundings(as_written=True)
    assert render(read('It\'s "so" -- here.').blocks, around).html == '<p>It\'s "so" -- here.</p>'


class Inspector(HTMLParser):
    """Reads HTML as a browser would, and refuses what could act."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[dict[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert not name.startswith(("on", "hx-", "data-", "x-", "v-")), name
            assert name not in ("style", "id", "name", "src", "srcset", "action", "formaction", "target"), name
            if name == "href":
                assert tag == "a"
                parts = urlsplit(value)
                assert parts.scheme in ("", "http", "https"), value
                assert parts.scheme or value.startswith(("/demos/", "/cards/", "/topics/")), value
        if tag == "a":
            assert "a" not in self.open, "a link in a link"
            self.links.append(dict(attrs))
        if tag not in ("br", "hr", "mspace", "mprescripts"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("br", "hr", "mspace", "mprescripts"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl):
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data):
        raise AssertionError(f"an instruction: {data}")


def inspect(html: str) -> Inspector:
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    assert inspector.open == []
    return inspector


def rendered(text: str) -> Rendered:
    document = read(text)
    return render(document.blocks, Surroundings(document.references, "d"))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text.split("\n", 1)[0][:40])
def test_hostile_markdown_comes_out_inert(text):
    inspect(rendered(text).html)
    for line in text.splitlines():
        inspect(inline(line))


def test_html_is_shown_as_the_text_that_it_is():
    assert rendered("<div onclick=alert(1)>x</div>\n\n<script>y</script>").html == (
        "<p>&lt;div onclick=alert(1)&gt;x&lt;/div&gt;</p>\n<p>&lt;script&gt;y&lt;/script&gt;</p>"
    )


def test_all_html_goes_through_the_sanitiser():
    """A parser that let HTML through would not be enough to hurt a page."""
    html = Token("html_block", "", 0, content='<p id="main" onclick="f()">x<script>f()</script></p>')
    block = Block("html", 0, line=1, end=2, text=html.content, markup="", parsed=(html,))
    assert render([block], Surroundings(deck="d")).html == "<p>x</p>"


PIECES = [
    *"[]()<>!*_`~|#$\\&;:\"'= \n\t-+>{}/aé",
    *("\n\n", "```", "$$", "~~", "](", "\n- ", "\n1. ", "\n> ", "    ", "{#x}", "## ", "| a | b |\n|--|:-:|\n"),
    *("javascript:", "demo:", "card:x", "data:,", "http://e.org", "<script>", "<img src=x onerror=", "\\text{"),
    *("&#x6a;", "&#0;", "\u2028", "\x0b", "\u202e"),
]
MARKUP = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@examples(600)
@given(MARKUP | st.text(max_size=60))
@example("[a](<javascript:alert(1)> 'x')")
@example("$\\text{</math><script>alert(1)</script>}$")
def test_nothing_raises_and_nothing_acts(text):
    inspect(rendered(text).html)
    inspect(render_line(text, 1, Surroundings()).html)


PROSE = st.lists(
    st.sampled_from([*PIECES, *"ab .,:=%?!\n\u05d0", "word", "..", "  \n", "**", "**b**", "`c`", "<b>", "</b>"]),
    max_size=12,
).map("".join)


@examples(600)
@given(PROSE)
@example("a: b\nc = d (50%).")
def test_words_alone_are_rendered_at_once_to_the_same_end(text):
    """Neither the shorter way for prose nor that around the sanitiser changes a letter or hides a mistake."""
    line = " ".join(text.split())
    at_once = rendered(text), render_line(line, 1, Surroundings())
    never = re.compile("(?!)")
    with mock.patch.multiple("app.cards.render.render", _PROSE=never, _CLEAN=never):
        assert at_once == (rendered(text), render_line(line, 1, Surroundings()))


def test_a_demo_link_leads_to_the_demo_without_the_stated_number():
    out = rendered("[Watch *it* shrink](demo:flow-2?cell=rnn&gain=0.9#ratio=0.0052)")
    assert out.html == (
        '<p class="part demos"><a href="/demos/flow-2?cell=rnn&amp;gain=0.9" class="demo-link">'
        "Watch <em>it</em> shrink</a></p>"
    )
    (link,) = out.links
    assert (link.target.name, link.target.query, link.target.numbers) == ("flow-2", "cell=rnn&gain=0.9", "ratio=0.0052")
    assert link.label == "Watch it shrink"


@pytest.mark.parametrize(
    ("address", "attributes"),
    [
        ("card:other", {"href": "/cards/d/other", "class": "card-link"}),
        ("card:e/other", {"href": "/cards/e/other", "class": "card-link"}),
        ("next.md", {"href": "/topics/d/next"}),
        ("../e/next.md#x", {"href": "/topics/e/next"}),
        ("https://example.org/a?b=c#d", {"href": "https://example.org/a?b=c#d", "rel": "noopener noreferrer"}),
    ],
)
def test_where_links_lead(address, attributes):
    (link,) = inspect(rendered(f"[x]({address})").html).links
    assert link == attributes


@pytest.mark.parametrize("address", ["../../README.md", "figure.txt", "../sources.yaml"])
def test_a_file_without_a_page_is_named_but_not_linked(address):
    out = rendered(f"See [*this* file]({address}).")
    assert out.html == "<p>See <em>this</em> file.</p>"
    assert out.mistakes == []


def test_tables_scroll_in_their_own_box_and_align_without_styles():
    html = rendered("| a | b |\n|--:|:-:|\n| 1 | 2 |").html
    assert html.startswith('<div class="wide" tabindex="0" role="group" aria-label="Table"><table>')
    assert '<td class="right">1</td>' in html
    assert '<td class="center">2</td>' in html


def test_code_is_highlighted_by_class():
    html = rendered("```python\nx = '<b>'\n```").html
    assert '<span class="n">x</span>' in html
    assert "&lt;b&gt;" in html


def test_formulas_are_mathml_and_dollars_can_be_written():
    html = rendered("Half, $\\frac{1}{2}$, costs \\$5:\n\n$$\nx^2\n$$\n").html
    assert "<mfrac><mn>1</mn><mn>2</mn></mfrac>" in html
    assert "costs $5:" in html
    assert 'aria-label="Formula"><math display="block">' in html


def test_a_formula_in_a_table_cell_or_emphasis_is_one_too():
    assert rendered("**$x$** ~~$y$~~\n\n| $z$ |\n|---|\n").html.count("<math") == 3


def test_headings_stay_below_the_page_s_own():
    assert rendered("> # A\n> ## B\n\n### C\n").html.count("<h3") == 3


def test_inline_is_one_line_without_links():
    assert inline("a *b* `c` [d](https://e.org)") == "a <em>b</em> <code>c</code> d"
    assert inline("$x$").startswith("<math><semantics>")
    assert inline("$\\nope$ <p>") == "<code>\\nope</code> &lt;p&gt;"


def test_rendering_twice_gives_the_same():
    document = read("# A\n\n| a |\n|--:|\n| $x$ |\n\n[b](demo:c)\n\n```python\nx\n```\n")
    once = render(document.blocks, Surroundings(document.references, "d"))
    assert render(document.blocks, Surroundings(document.references, "d")) == once


def test_an_empty_corner_of_a_table_is_no_head():
    html = rendered("| | one | $h_t$ |\n|---|---|---|\n| a | b | c |").html
    head = html[html.index("<tr>") : html.index("</tr>")]
    assert re.findall(r"<(t[dh])[ >]", head) == ["td", "th", "th"]


def test_a_formula_that_is_wide_scrolls_in_its_own_box():
    short, long = (
        rendered(f"It is {text}.").html for text in ("$h_t = 1$", "$h_t = \\tanh(W_x x_t + W_h h_{t-1} + b)$")
    )
    assert "tabindex" not in short
    assert '<span class="long" tabindex="0" role="group" aria-label="Formula"><math' in long
    line = render_line("Is $h_t = W_x x_t + W_h h_{t-1} + b + b + b$ so?", 1, Surroundings()).html
    assert '<span class="long"><math' in line, "a line may be a link, which has the focus"


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        (r"\(x^2\)", "<msup>"),
        (r"\[" + "\nE = mc^2\n" + r"\]", '<div class="wide formula"'),
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "<mtable"),
        ("text \\begin{bmatrix}1\\end{bmatrix} text", "<mtable"),
        ("```math\na + b\n```", '<math display="block">'),
        ("H<sub>2</sub>O, x<sup>2</sup>, <kbd>u</kbd>", "H<sub>2</sub>O, x<sup>2</sup>, <kbd>u</kbd>"),
        ("<B class='x'>a</B> <i>b</i> <del>c</del> <u>d</u>", "<strong>a</strong> <em>b</em> <s>c</s> <u>d</u>"),
        ("a<br>b<BR/>c", "a<br>\nb<br>\nc"),
        ("- [x] one\n- [ ] two", '<li><span role="img" aria-label="done">☑</span> one</li>'),
        ("| a | b |\n|---|---|\n| $P(x|y)$ | `f|g` |", "<code>f|g</code>"),
        ("| a | b |\n|---|---|\n| \\(x|y\\) | a \\| b |", "<td>a | b</td>"),
        ("[a](https://e.org)\\(b\\)", "<math>"),
        (r"[a\](b\_c)", "[a](b_c)"),
        (r"\[1], \(aside)", "[1], (aside)"),
        (
            "a < b, <eos>, 5~6, x^2, 12:30:45, List<int>, {x}",
            "a &lt; b, &lt;eos&gt;, 5~6, x^2, 12:30:45, List&lt;int&gt;, {x}",
        ),
    ],
)
def test_what_authors_write_beyond_commonmark(text, piece):
    out = rendered(text)
    assert out.mistakes == []
    assert piece in out.html


def test_footnotes_stand_below_in_the_order_of_their_marks():
    document = read("A[^b] and[^a], again[^b].\n\n[^a]: One.\n[^b]: Two, see [^c].\n[^c]: *Three*.")
    around = Surroundings(document.references, notes=document.notes)
    html = render(document.blocks, around).html
    assert "A<sup>[1]</sup> and<sup>[2]</sup>, again<sup>[1]</sup>." in html
    assert html.index("Two, see <sup>[3]</sup>") < html.index("One.") < html.index("<em>Three</em>")
    assert render(document.blocks, around).html == html


def test_a_script_from_right_to_left_runs_so_block_by_block():
    html = rendered("$y$ הוא טוב.\n\nEnglish, עברית.\n\n- פריט\n- item\n\n| א | b |\n|---|---|\n| ג | 1 |").html
    assert html.startswith('<p dir="rtl"><math>')
    assert '<p dir="ltr">English' in html
    assert '<ul dir="rtl">\n<li dir="rtl">פריט</li>\n<li dir="ltr">item</li>' in html
    assert '<div class="wide" dir="rtl" tabindex="0" role="group" aria-label="Table"><table>' in html
    noted = read("שלום[^1].\n\n[^1]: הערה.")
    assert '<ol class="notes" dir="rtl">' in render(noted.blocks, Surroundings(notes=noted.notes)).html
    assert "dir=" not in rendered("English, $x$.").html


@pytest.mark.parametrize(
    "text", ["<div>x</div>", "[[x]]", "x^2^", "::: box", "[^1]", "[@a]", "> !!! note", "%%x%%", "a :smile: b"]
)
def test_what_is_disarmed_is_shown_as_it_is(text):
    out = rendered(disarmed(text))
    assert out.mistakes == []
    assert re.sub("<[^>]*>", "", out.html).replace("&lt;", "<").replace("&gt;", ">").strip() == text.removeprefix("> ")


def test_the_words_of_a_picture_that_cannot_be_shown_stand_in_its_place():
    broken = DeckPicture("b.png", "", problem="it is damaged")
    for address in ("gone.png", "b.png"):
        document = read(f"See ![a <cell>]({address}) here.")
        shown = render(document.blocks, Surroundings(document.references, "d", pictures=[broken]))
        assert shown.html == '<p>See <span class="no-picture">a &lt;cell&gt;</span> here.</p>'
        assert len(shown.mistakes) == 1


def test_a_point_shows_no_picture():
    pictures = [DeckPicture("img/a.png", "0")]
    found = render_line("![A dot](img/a.png) is it.", 4, Surroundings(pictures=pictures), "point")
    assert (4, "a point cannot show a picture: put it into the answer") in found.mistakes
