"""What each table is for an operator: where its rows come from, and so what becomes of them when they are lost."""

from enum import Enum

from app import tables


class Origin(Enum):
    """Where the rows of a table come from."""

    FILES = "the content files: `recur load` writes them again"
    REVIEWS = "the reviews: `recur replay` writes them again"
    LEARNER = "a learner: they are in the exported history, and are deleted with the learner"
    ACCOUNT = "an account: they let somebody in, and are deleted with their learner"
    CLASS = "an admin or an instructor"
    TIME = "what happened, and nothing writes them again"


ORIGINS = {
    tables.CARD.name: Origin.FILES,
    tables.CARD_DEMO.name: Origin.FILES,
    tables.CARD_LINK.name: Origin.FILES,
    tables.CARD_SOURCE.name: Origin.FILES,
    tables.CARD_TAG.name: Origin.FILES,
    tables.CONTENT_FILE.name: Origin.FILES,
    tables.DECK.name: Origin.FILES,
    tables.TOPIC.name: Origin.FILES,
    "card_search": Origin.FILES,
    tables.CARD_STATE.name: Origin.REVIEWS,
    tables.DAY_TOTAL.name: Origin.REVIEWS,
    tables.FORECAST.name: Origin.REVIEWS,
    tables.MONTH_TOTAL.name: Origin.REVIEWS,
    tables.NEW_CARD_CURSOR.name: Origin.REVIEWS,
    tables.CARD_MARK.name: Origin.LEARNER,
    tables.LEARNER.name: Origin.LEARNER,
    tables.OWN_TAG.name: Origin.LEARNER,
    tables.PLAN.name: Origin.LEARNER,
    tables.QUIZ.name: Origin.LEARNER,
    tables.QUIZ_ITEM.name: Origin.LEARNER,
    tables.REVIEW.name: Origin.LEARNER,
    tables.ACCOUNT.name: Origin.ACCOUNT,
    tables.APP_TOKEN.name: Origin.ACCOUNT,
    tables.CLASS_MEMBER.name: Origin.ACCOUNT,
    tables.CLASS_PLAN.name: Origin.ACCOUNT,
    tables.CLASS_QUIZ_TAKER.name: Origin.ACCOUNT,
    tables.ENTRY_LINK.name: Origin.ACCOUNT,
    tables.KNOWN_DEVICE.name: Origin.ACCOUNT,
    tables.SIGN_IN.name: Origin.ACCOUNT,
    tables.CLASS_DATE.name: Origin.CLASS,
    tables.CLASS_DECK.name: Origin.CLASS,
    tables.CLASS_QUIZ.name: Origin.CLASS,
    tables.CLASS_TOPIC.name: Origin.CLASS,
    tables.SCHOOL_CLASS.name: Origin.CLASS,
    tables.CARD_ALIAS.name: Origin.TIME,
    tables.CARD_VERSION.name: Origin.TIME,
    tables.EVIDENCE.name: Origin.TIME,
    tables.DELETED_LEARNER.name: Origin.TIME,
    tables.GUESS.name: Origin.TIME,
}
"""Every table. tests/upkeep/test_every_table.py fails for one that is missing, here or in what must know it."""
