"""The word that was meant."""

from app.nearest import did_you_mean, nearest, the_nearest_is

KNOWN = ("easy", "medium", "hard")


def test_the_most_similar_word_is_found_if_it_is_near_enough() -> None:
    assert nearest("eazy", KNOWN) == "easy"
    assert nearest("nothing like it", KNOWN) is None
    assert nearest("nothing like it", KNOWN, cutoff=0) in KNOWN
    assert nearest("eazy", ()) is None
    assert nearest("eazy", iter(KNOWN)) == "easy"


def test_it_follows_a_message_or_is_empty() -> None:
    assert the_nearest_is("hardt", KNOWN) == " The nearest is 'hard'."
    assert did_you_mean("hardt", KNOWN) == " Did you mean 'hard'?"
    assert the_nearest_is("?", KNOWN) == did_you_mean("?", KNOWN) == ""
    assert the_nearest_is("?", KNOWN, cutoff=0) != ""


def test_a_word_without_end_is_compared_by_its_beginning() -> None:
    assert nearest("gradient" + "x" * 1_000_000, ["gradient", "gate"], cutoff=0) == "gradient"
