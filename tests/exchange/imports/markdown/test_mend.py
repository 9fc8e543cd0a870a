"""What a content file would read otherwise is escaped, and what it cannot show is told."""

import pytest

from app.exchange.imports.markdown.mend import mend, mend_question


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
        ("<b>a</b> <i>b <u>c</i></u> H<sub>2</sub>O<br>", "<b>a</b> <i>b c</i> H<sub>2</sub>O<br>"),
        ("<span style='color:red'>red</span> and <eos>, List<int>", "red and <eos>, List<int>"),
        ("<s> a cat </s> <del>b</del>", r"\<s> a cat \</s> <del>b</del>"),
        (
            '<a href="https://e.org/x">it</a> <img src="a.png" alt="An RNN"> <tt>x_1 &lt; 2</tt>',
            "[it](https://e.org/x) An RNN `x_1 < 2`",
        ),
        ("<div>\n**no mark** <b>bold</b><ul><li>one<li>two</ul></div>", "\\*\\*no mark\\*\\* **bold**\n\n- one\n- two"),
        ("a[^1] b[^2]\n\n[^1]: one", "a[^1] b\\[^2]\n\n[^1]: one"),
        ("> [!note] Title\n> body", "> **Note:** Title\n> body"),
        ("a\n::: tip\nbox\n:::", "a\n\nbox"),
        (
            '!!! warning "Mind"\n    the *gap*\n\n    twice\nafter',
            "> **Warning:** Mind\n> the *gap*\n>\n> twice\n\nafter",
        ),
        ("```\n::: tip\n<p>\n```", "```\n::: tip\n<p>\n```"),
        ("<details>\n<summary>More</summary>\n\nof *it*\n\n</details>", "More\n\nof *it*"),
        ("<pre>\na\n\nb\n</pre>\n*c*", "```\na\n\nb\n```\n\n*c*"),
        ("<table><tr><th>a<th>b<tr><td>1<td>2</table>", "| a | b |\n| --- | --- |\n| 1 | 2 |"),
        ("`<b>` and\n```html\n<div>\n\n</div>\n```", "`<b>` and\n```html\n<div>\n\n</div>\n```"),
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
        ("<font color=red>x</font>", "HTML is left out, or written as Markdown: <font color=red> </font>"),
        ("a[^2]", "[^2] has no words here: it is shown as it is typed"),
        ("[@elman1990]", "[@elman1990 is shown as it is typed"),
        ("==x==", "==x== hides nothing here: it is shown as it is typed"),
        ("::: tip\nbox", "a box is written as text: ::: tip"),
        ("<p>x</p>", "HTML is left out, or written as Markdown: <p> </p>"),
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
