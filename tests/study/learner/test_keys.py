"""The single keys: changed, turned off, and refused by name."""

import re

import pytest

from app.settings import ROOT
from app.study.learner.keys import ACTIONS, ALL_OFF, DEFAULT_KEYS, WrongKeysError, by_default_key, own_keys


def test_the_usual_keys_clash_with_nothing() -> None:
    keys = [key for action in ACTIONS for key in (action.key, *action.also)]
    assert len(keys) == len(set(keys))
    assert own_keys(DEFAULT_KEYS) == own_keys({}) == {}
    assert by_default_key({}) == {}


def test_every_key_of_a_page_belongs_to_an_action() -> None:
    """A key that a template brings must be one that can be changed: add its action to app/study/learner/keys.py."""
    known = {key for action in ACTIONS for key in (action.key, *action.also)}
    found = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        named = re.findall(r'link_to\("[^"]*", "[^"]*", "([^"]+)"\)', text)
        for keys in (*re.findall(r'data-key="([^"]*)"', text.replace('data-key="{{ key }}"', "")), *named):
            found |= set(re.sub(r"{{ (rating|loop\.index) }}", "1", re.sub(r"{%.*?%}", "", keys)).split())
    assert {"Space", "Enter", "u", "1"} <= found
    assert found - known == set()


@pytest.mark.parametrize(
    ("typed", "own", "told"),
    [
        ({"undo": "z"}, {"undo": "z"}, {"u": "z"}),
        ({"undo": " Z "}, {"undo": "z"}, {"u": "z"}),
        ({"undo": ""}, {"undo": ""}, {"u": "", "Ctrl+z": ""}),
        ({"go-on": "j"}, {"go-on": "j"}, {"Space": "j"}),
        ({"go-on": ""}, {"go-on": ""}, {"Space": "", "Enter": ""}),
        ({"undo": "e", "edit": "u"}, {"undo": "e", "edit": "u"}, {"u": "e", "e": "u"}),
        ({"go-on": "", "undo": "space"}, {"go-on": "", "undo": "Space"}, {"Space": "", "Enter": "", "u": "Space"}),
        ({"go-on": "", "undo": " "}, {"go-on": ""}, {"Space": "", "Enter": ""}),
        ({"help": "ß", "search": "→"}, {"help": "ß", "search": "→"}, {"?": "ß", "/": "→"}),
    ],
)
def test_keys_are_changed_and_turned_off(typed: dict[str, str], own: dict[str, str], told: dict[str, str]) -> None:
    if typed.get("undo") == " ":
        own, told = own | {"undo": "Space"}, told | {"u": "Space"}
    assert own_keys(typed) == own
    assert by_default_key(own) == told


def test_all_off_silences_every_key() -> None:
    assert own_keys(ALL_OFF) == ALL_OFF
    assert by_default_key(ALL_OFF) == {key: "" for action in ACTIONS for key in (action.key, *action.also)}


@pytest.mark.parametrize(
    ("typed", "where", "says"),
    [
        ({"undo": "e"}, "undo", "'e' is already the key for “edit the card’s file”."),
        ({"undo": "x", "edit": "x"}, "edit", "'x' is already the key for “undo the last rating”."),
        ({"undo": "qu"}, "undo", "'qu' is not a single key"),
        ({"undo": "Enter"}, "undo", "'Enter' is not a single key"),
        ({"undo": "Ctrl+z"}, "undo", "is not a single key"),
        ({"undo": "\x07"}, "undo", "is not a single key"),
        ({"undo": "x" * 5000}, "undo", "is not a single key"),
        ({"undo": "space"}, "undo", "'Space' is already the key for “start;"),
        ({"fly": "x"}, "fly", "There is no action called 'fly'."),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_name(typed: dict[str, str], where: str, says: str) -> None:
    with pytest.raises(WrongKeysError) as refused:
        own_keys(typed)
    assert set(refused.value.problems) == {where}
    assert says in refused.value.problems[where]
    assert len(str(refused.value)) < 200
