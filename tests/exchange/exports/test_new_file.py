"""An exported file is whole or not there, and replaces no other unless told to."""

from pathlib import Path

import pytest

from app.exchange.exports.csv_and_json import write_csv
from app.exchange.exports.new_file import ExportError, new_file
from tests.exchange.exports.conftest import export, rows_of


def test_nothing_is_overwritten_unless_told_to(tmp_path: Path, content: Path) -> None:
    file = tmp_path / "cards.csv"
    file.write_text("mine")
    file.chmod(0o640)
    with pytest.raises(ExportError, match=r"already exists.*--force"):
        export(file, content)
    assert file.read_text() == "mine"
    export(file, content, force=True)
    assert len(rows_of(file)) == 3
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_new_file_is_its_owner_s_alone_from_the_start(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    with new_file(file, force=False) as beside:
        beside.write_text("mine")
        assert beside.parent.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "out" / "cards.csv"
    file.parent.mkdir()
    file.write_text("mine")

    def fail(beside: Path) -> None:
        write_csv(beside, [])
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"), new_file(file, force=True) as beside:
        fail(beside)
    assert [(path.name, path.read_text()) for path in file.parent.iterdir()] == [("cards.csv", "mine")]


def test_a_file_made_meanwhile_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "cards.csv"

    def be_late(beside: Path) -> None:
        write_csv(beside, [])
        file.write_text("quicker")

    with pytest.raises(ExportError, match="already exists"), new_file(file, force=False) as beside:
        be_late(beside)
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith("csv") or path.name.startswith(".")] == [
        "cards.csv"
    ]
    assert file.read_text() == "quicker"


@pytest.mark.parametrize(
    ("where", "says"), [("nowhere/cards.csv", "There is no folder"), ("content", "is a folder: name a file")]
)
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, content: Path, where: str, says: str) -> None:
    with pytest.raises(ExportError, match=says), new_file(tmp_path / where, force=True):
        pass
