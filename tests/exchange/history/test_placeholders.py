"""Cards that the content lacks have a placeholder, and only those."""

import shutil

from app.exchange.history.import_history import ImportedHistory
from tests.exchange.history.places import CARDS, Place, lived


def test_cards_that_the_content_lacks_are_kept_as_retired(three: list[Place]) -> None:
    here, _there, bare = three
    history = lived(here)
    (bare.content / "d" / "b.md").unlink()
    shutil.rmtree(bare.content / "e")
    bare.load()
    assert bare.take(history).placeholders == ["d/b", "e/a"]
    kept = bare.rows("SELECT name, question_html, retired_at IS NOT NULL FROM card ORDER BY name, id")
    assert kept == [
        ("a", "What is a?", 0),
        ("a", "What is a?", 1),
        ("b", "What is b?", 1),
        ("c", "What is c?", 0),
    ]
    assert bare.states() == here.states()
    ids = {name: bare.card_id(name) for name in CARDS}
    shutil.rmtree(bare.content)
    shutil.copytree(here.content, bare.content)
    bare.load()
    assert {name: bare.card_id(name) for name in CARDS} == ids
    assert bare.rows("SELECT count(*) FROM card WHERE retired_at IS NOT NULL OR answer_html = ''") == [(0,)]
    assert bare.rows("SELECT count(*) FROM topic WHERE retired_at IS NOT NULL") == [(0,)]
    assert bare.states() == here.states()


def test_a_card_renamed_since_gets_no_double(three: list[Place]) -> None:
    here = three[0]
    history = lived(here)
    file = here.content / "d" / "a.md"
    file.write_text(file.read_text().replace("{#a}", "{#z}"))
    here.load()
    before = here.everything()
    assert here.take(history) == ImportedHistory(added=0, known=6)
    assert here.everything() == before
