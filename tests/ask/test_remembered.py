"""What is remembered of questions: the same instances, found once."""

from pathlib import Path

import pytest

from app.ask import question, remembered
from app.ask.questions.registry import find


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(remembered, "FOLDER", tmp_path / "questions")
    question._instances.cache_clear()
    return tmp_path / "questions"


def words(instance: question.Instance) -> object:
    task = instance.task
    return dict(instance.parameters), task.asks, task.givens, task.answer, task.slips


def test_the_instances_are_the_same_when_they_were_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = list(map(words, find("forget-bias").instances()))
    question._instances.cache_clear()
    monkeypatch.setattr(question, "_search", None)  # it is not called again
    again = find("forget-bias").instances()
    assert list(map(words, again)) == found
    assert list(map(words, again[-2:])) == found[-2:]
    with pytest.raises(IndexError):
        again[len(found)]
    assert len(list(folder.iterdir())) == 1


def test_other_code_remembers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered.remember({"a": 1}, "key")
    assert remembered.recall("key") == {"a": 1}
    assert remembered.recall("another") is None
    monkeypatch.setattr(remembered, "_code", lambda: "another version")
    assert remembered.recall("key") is None


def test_what_cannot_be_kept_or_read_is_done_without(folder: Path) -> None:
    remembered.remember([1], "key")
    [file] = folder.iterdir()
    file.write_text("{")
    assert remembered.recall("key") is None
    file.unlink()
    folder.rmdir()
    folder.write_text("no folder")
    remembered.remember([1], "key")
    assert remembered.recall("key") is None
    assert len(find("forget-bias").instances()) >= question.FEWEST
