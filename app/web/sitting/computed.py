"""A computed card on the page of a sitting: the question that it asks now, and the answer with its judgement."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from app.ask.four import OneOfFour, four
from app.ask.judge import Judged
from app.ask.proposal import proposed
from app.ask.question import Instance
from app.study.learner.preferences import Preferences
from app.study.schedule.computed import asked_now, judged, name_of, usual_times
from app.study.sitting.asked import AskedCard
from app.web.sitting.forms import AnswerForm


@dataclass(frozen=True)
class Computed:
    """An instance, and its name in a form; with `judged` its answer too, and the rating that is proposed.

    Nothing is `typed` by a learner who gives up. `choices` are the four to choose from, if it is not typed. `unread`
    says why what was `typed` could not be read.
    """

    instance: Instance
    name: str
    choices: Sequence[OneOfFour] = ()
    typed: str = ""
    judged: Judged | None = None
    unread: str = ""
    proposed: int = 4

    @property
    def text(self) -> str:
        """What was answered, as the page shows it."""
        return next((one.shown for one in self.choices if one.sent == self.typed), self.typed)

    def answered(self, session: Session, learner: Preferences, form: AnswerForm, seconds: float) -> "Computed":
        """It with what was answered after so many seconds."""
        found = judged(self.instance, form.typed)
        if found is None:
            if not form.gives_up:
                return replace(self, unread="Write an answer, or press “Show the answer”.")
            return replace(self, judged=Judged("wrong"), proposed=1)
        given = replace(self, typed=form.typed, choices=four(self.instance) if form.of_four else ())
        if found.verdict == "unreadable":
            return replace(given, unread=found.says)
        times = usual_times(session.connection(), learner.learner_id, self.instance.question.name)
        rating = proposed(found, seconds, times, of_four=form.of_four)
        return replace(given, judged=found, proposed=rating)


def computed(session: Session, learner: Preferences, card: AskedCard) -> Computed | None:
    """The question that the card asks now; None for a card with a written answer alone."""
    if card.asks is None:
        return None
    seeds, key = (card.id if card.seed is None else card.seed, learner.seed), {"card": card.id}
    instance = asked_now(session.connection(), card.asks, seeds, key | {"learner": learner.learner_id})
    return Computed(instance, name_of(instance), four(instance) if learner.of_four else ()) if instance else None
