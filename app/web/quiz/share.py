"""Another learner's quiz: what it asks, and the button that takes it; nothing of what was answered."""

from starlette.responses import Response

from app.models import Deck, Quiz
from app.study.quiz.past import topics_asked
from app.web.frame.here import Context


def share_page(here: Context, quiz: Quiz) -> Response:
    """The page of a quiz that someone else made."""
    with here.reading() as session:
        topics = topics_asked(session, here.learner(session), here.now, quiz)
        return here.page(
            "quiz/share.html",
            deck=session.get_one(Deck, quiz.deck_id),
            quiz=quiz,
            topics=topics,
            asked=sum(asked for _, asked, _ in topics),
            askable=sum(askable for _, _, askable in topics),
        )
