"""Markup of other programs is named, and plain words beside it are not."""

import pytest

from app.cards.file.blocks import read
from app.cards.render.foreign import disarmed
from app.cards.render.render import Surroundings, render


def named(text: str) -> list[tuple[int, str]]:
    found = read(text)
    return render(found.blocks, Surroundings(found.references)).mistakes


FOREIGN = [
    ("> [!abstract] Title\n> Body.", "**Note:**"),
    ("> [!question]- Is it so?", "**Note:**"),
    ("- [!INFO]+ x", "**Note:**"),
    ("A paragraph. ^abc123", "^…"),
    ("%%\nhidden\n%%", "%%"),
    ("key:: value", "**name:**"),
    ("- [-] given up\n- [>] moved", "[ ] or [x]"),
    ("See {ref}`x`.", "MyST"),
    ("```{note}\nx\n```", "MyST"),
    ("Term\n: Definition", "**Term:**"),
    ("+---+---+\n| a | b |", "| --- |"),
    ("*[HTML]: Hyper Text", "abbreviation"),
    ("-\u00a0an item", "U+00A0"),
    ("###\u00a0Part", "U+00A0"),
    ("``quoted'' words", '"words"'),
    ("See [x][2] there.", "no address"),
    (r"Text \\(x^2\\) here.", "one backslash"),
    ("[ E = mc^2 ]", "backslashes"),
    ("[\nh_t = x\n]", "backslashes"),
    ("~words~", "~~words~~"),
    ("++words++", "<u>"),
    ("{{ page.title }}", "{{…}}"),
    ("{{< figure >}}", "{{…}}"),
    ("See ((64f1a0bc)).", "((…))"),
    ("See @fig-x and @smith2020.", "paper:"),
    ("US$5 and 5$", "dollars"),
    ("**Level:** easy", "plainly"),
    ("Tags：rnn", "plainly"),
    ("*Level: easy*", "plainly"),
    ("The gates:\n• input\n• forget", "- and a space"),
    ("▪ input", "- and a space"),
    ("→ input\n→ forget", "backslash"),
    ("– input\n– forget", "backslash"),
    ("① input\n② forget", "backslash"),
    ("a) input\nb) forget", "letters"),
    ("i. input\nand\nii. forget", "letters"),
    ("#. input", "1. and a space"),
    ("The gates:\n2. input\n3. forget", "an empty line before"),
    ("Gate\n~ A sigmoid.", "**Term:**"),
    ("| a | b |\n| x | y |", "| --- |"),
    ("| The limerick\n| in lines", "verse"),
    ("┌──┬──┐\n│ a│ b│", "```"),
    ("words #rnn/lstm here", "Tags:"),
    ("^^words^^", "**words**"),
    ("((abc_DEF-1))", "((…))"),
    ("SCHEDULED: <2026-03-04 Wed>", "Org"),
    ("[b]words[/b]", "Markdown"),
    ("[latex]x^2[/latex]", "$…$"),
    ("[$]x[/$]", "[$]"),
    ("words【4†source】", "source"),
    ("words [cite: 1]", "source"),
    (":contentReference[oaicite:0]", "source"),
    ("<Tab>x</Tab>", "</…>"),
    ("<ref>Elman</ref>", "[^1]"),
    ("a &foo; b", "names no character"),
    ("'''bold'''", "**words**"),
    ("See [1]_.", "reStructuredText"),
    ("`text <https://a.b>`_", "reStructuredText"),
    ("[https://a.b ^^words^^](https://a.b)", "^^words^^ is shown"),
    ("Example::\n\n    x", "reStructuredText"),
    ("== Head ==", "### Words"),
    ("**注意。**这是", "nothing bold"),
    ("** bold **", "nothing bold"),
    ("{--gone--}", "{…}"),
    ("||hidden||", "==words=="),
    ("{{c1:x}}", "{{…}}"),
    ("donâ€™t", "Windows-1252"),
    ("Ã¼ber", "Windows-1252"),
    ("a\ufffdb", "lost"),
    ("a\x0bb", "cannot be seen"),
    ("a\u202eb", "cannot be seen"),
]


@pytest.mark.parametrize(("text", "words"), FOREIGN)
def test_what_other_programs_would_read_is_named(text: str, words: str) -> None:
    assert any(words in message for _line, message in named(text)), named(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "f'' and g''",
            "KL(p||q)",
            "C# and #1",
            "a[i], b[s]",
            "h – which is carried\n– goes on",
            "**bold** and 2 * 3",
        ),
        *(
            "→ one",
            "a. b. c",
            "A. Smith wrote it\nwith B. Jones",
            "AT&T &amp; R&D",
            "1. a\n2. b",
            "→ a\\\n→ b",
            "1) a\n2) b",
        ),
        *("C++ and C++11, i++", "about ~5 to ~10", "a[i][j]", "std::vector, Fall through: it goes on", "x ^ y"),
        *(
            "(a, (b, c))",
            "a@b.org and @user",
            "the set {a} and `{b}`",
            "[ x ] is a box",
            "1. one",
            "++x",
            "10:30 : later",
        ),
        *(
            r"\(x^2\)",
            "$`x^2`$",
            "$5 + 3$",
            "CO$_2$",
            "```plaintext\nx\n```",
            "```ipython3\nx\n```",
            "(see [Elman 1990])",
        ),
    ],
)
def test_plain_words_are_not_named(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    "text", ["Words Level: easy", "https://a.b/@user2020?x={{y}}&z=#part", "<https://a.b/#x>", "a–b"]
)
def test_neither_are_addresses(text: str) -> None:
    assert named(text) == []


@pytest.mark.parametrize(
    "text", [text for text, words in FOREIGN if words in ("**name:**", "no address", "{{…}}", "<u>")]
)
def test_an_import_makes_it_text(text: str) -> None:
    assert named(disarmed(text)) == []


def test_the_formula_of_gitlab_is_a_formula() -> None:
    assert "‘" not in render(read("$`x^2`$").blocks, Surroundings()).html
