"""Tables of cards: commas, semicolons or tabs, with a header or without, and Anki's own text export."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.exchange.imports.draft import Draft, RefusedError, Skipped
from app.exchange.imports.from_csv import DELIMITERS, claims_table, read_table
from app.exchange.imports.import_cards import import_cards
from tests.examples import examples


def cards(text: str) -> list[Draft]:
    return [item for item in read_table(text).items if isinstance(item, Draft)]


CELL = st.text('ab c,;\t|"\nÄ', max_size=12)


@examples(200)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), st.sampled_from(DELIMITERS))
def test_what_python_writes_is_read_back(rows, delimiter):
    out = io.StringIO()
    table = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    table.writerow(["Question", "Answer", "Tags"])
    table.writerows([f"q {question}", answer, "one, two"] for question, answer in rows)
    found = cards(out.getvalue())
    assert [(card.question, card.answer) for card in found] == [(f"q {q}".strip(), a.strip()) for q, a in rows]
    assert all(card.tags == ("one", "two") for card in found)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_without_a_header(delimiter):
    text = "".join(f'"What, or; who|{n}?"{delimiter}"It is {n}."\n' for n in range(5))
    assert [(card.where, card.question, card.answer) for card in cards(text)][4] == (
        "line 5",
        "What, or; who|4?",
        "It is 4.",
    )


def test_the_header_says_which_column_is_what():
    text = "level,Back,x,Front,id\neasy,B,?,F,my-id\n"
    assert list(read_table(text).items) == [
        Skipped("line 1", "these columns are not read: x"),
        Draft("line 2", "F", "B", level="easy", name="my-id"),
    ]


def test_lines_are_those_of_the_file():
    text = 'q,a\n"two\nlines",x\n,empty\nlast,y\n'
    assert [item.where for item in read_table(text).items] == ["line 2", "line 4", "line 5"]


def test_a_quotation_that_is_never_closed_is_named():
    items = list(read_table('question,answer\na,b\n"c,d\ne,f\n').items)
    assert items[0] == Draft("line 2", "a", "b")
    assert items[1] == Skipped("line 3", "a quotation mark opens a cell and is never closed")


def test_a_row_that_is_quoted_wrongly_is_named_and_the_rest_is_read():
    items = list(read_table('question,answer\n"a"x,b\nc,d\n').items)
    assert [item.where for item in items] == ["line 2", "line 3"]
    assert isinstance(items[0], Skipped)


def test_ankis_text_export():
    text = (
        '#separator:tab\n#html:true\n#deck column:1\n#tags column:4\nD\tWhat is <b>x</b>?\t"a &lt; ""b"""\tone two::y\n'
    )
    assert cards(text) == [Draft("line 5", "What is **x**?", 'a < "b"', ("one", "two::y"))]


def test_a_formula_of_a_spreadsheet_is_text_again():
    assert cards("question,answer\n'=a,'- b\nq,'tis\n")[0].question == "=a"
    assert cards("question,answer\n'=a,'- b\nq,'tis\n")[1].answer == "'tis"


def test_one_column_is_no_table(tmp_path):
    with pytest.raises(RefusedError, match="one column"):
        read_table("just a line\nand another\n")
    (tmp_path / "a.txt").write_text("Just a line, with a comma.\nAnd another.\nAnd more.\n")
    with pytest.raises(RefusedError, match="none of the kinds"):
        import_cards(tmp_path / "a.txt", tmp_path, "d")


def test_a_text_file_with_columns_is_a_table():
    assert claims_table("a\tb\nc\td\ne\tf\n")
    assert not claims_table("a, b\nno columns here\nnor here\n")


def test_a_cell_without_end_is_refused():
    with pytest.raises(RefusedError, match="line 2 holds more than"):
        list(read_table('question,answer\na,"' + "x" * 200_000 + '"\n').items)


def test_many_rows_become_several_files(tmp_path):
    (tmp_path / "many.csv").write_text("".join(f"What is {n}?,It is {n}.\n" for n in range(450)))
    told: list[int] = []
    _kind, done = import_cards(tmp_path / "many.csv", tmp_path, "d", progress=told.append)
    assert [path.name for path in done.files] == ["many-1.md", "many-2.md", "many-3.md"]
    assert 'title: "many, part 2"' in done.files[1].read_text()
    assert done.cards == 450
    assert told == [100, 200, 300, 400]
