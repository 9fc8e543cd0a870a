"""The report of a quiz by point."""

from app.study.quiz.points import report_of
from app.study.quiz.take import Item
from app.study.sitting.points import kept

SUBJECT = "Recurrent neural networks"


def item(card: int, topic: str, points: dict[str, bool] | None, rating: int = 4) -> Item:
    told = None if points is None else kept([*points], [at for at, made in enumerate(points.values()) if made])
    return Item(card, f"c{card}", "?", topic, topic, False, None, f"t{card}", rating, None, True, told)


def test_points_that_cards_word_alike_are_one_and_the_most_missing_come_first() -> None:
    items = [
        item(1, "A", {"It names the shape.": False, "It is fast.": True}),
        item(2, "B", {"It names the  *shape*.": False, "It is fast.": False}),
        item(3, "C", {"it names the shape.": False}),
        item(4, "C", {"It names the shape.": True}),
        item(5, "C", None),
    ]
    found = report_of(items, SUBJECT)
    assert found is not None
    assert (found.answers, found.made, found.asked) == (4, 2, 6)
    assert [(one.text, len(one.missing), len(one.made)) for one in found.repeated] == [("It names the shape.", 3, 1)]
    assert [(item.card_id, [one.text for one in points]) for item, points in found.of_cards] == [(2, ["It is fast."])]
    assert [(one.word, [lacking.card_id for lacking, _ in one.missing], one.answers) for one in found.shared] == [
        ("names", [1, 2, 3], 4),
        ("shape", [1, 2, 3], 4),
    ]


def test_a_term_that_another_point_of_the_answer_made_is_not_missing_and_formulas_are_no_terms() -> None:
    items = [
        item(1, "A", {"The shape is $(n, h)$.": True, "Its shape grows with $h$.": False}),
        item(2, "B", {"One shape, 4 times": False}),
    ]
    found = report_of(items, SUBJECT)
    assert found is not None
    assert found.shared == []


def test_a_term_is_told_with_its_points_and_the_subject_of_the_deck_is_none() -> None:
    items = [
        item(1, "A", {"An RNN feeds its LSTM.": False, "The LSTM is a neural network.": False}),
        item(2, "B", {"RNNs are slower than the LSTM.": False}),
    ]
    found = report_of(items, SUBJECT)
    assert found is not None
    assert [(one.word, [texts for _, texts in one.missing]) for one in found.shared] == [
        ("LSTM", [["An RNN feeds its LSTM.", "The LSTM is a neural network."], ["RNNs are slower than the LSTM."]])
    ]


def test_terms_of_one_topic_alone_are_not_shared() -> None:
    found = report_of([item(1, "A", {"A shape": False}), item(2, "A", {"The shape": False})], SUBJECT)
    assert found is not None
    assert found.shared == []


def test_without_points_nothing_is_claimed() -> None:
    assert report_of([item(1, "A", None), item(2, "B", None, rating=1)], SUBJECT) is None
