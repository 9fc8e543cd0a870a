"""The tables. `review` is the truth about learning; `card_state` can be dropped and rebuilt from it.

An `id` is None only until its row is written.
"""

import secrets
from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel

TOKEN = String().with_variant(String(collation="C"), "postgresql")
"""Text that every database sorts alike, by its bytes."""


class Deck(SQLModel, table=True):
    """A folder in content/."""

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    title: str


class ContentFile(SQLModel, table=True):
    """A Markdown file as it was last read, and the mistakes in it."""

    __tablename__ = "content_file"

    path: str = Field(primary_key=True, description="relative to the content folder, with /")
    digest: str = Field(description="of the file's bytes and of the renderer's version")
    size: int
    mtime_ns: int = Field(sa_type=BigInteger)
    looked_at: datetime
    mistakes: list[dict[str, object]] = Field(
        default_factory=list,
        sa_column=Column(JSON, nullable=False),
        description="line and message; empty if it is good",
    )


class Topic(SQLModel, table=True):
    """A content file's last good version."""

    __table_args__ = (UniqueConstraint("deck_id", "name"),)

    id: int = Field(default=None, primary_key=True)
    deck_id: int = Field(foreign_key="deck.id")
    name: str = Field(description="the file's stem")
    path: str = Field(description="relative to the content folder")
    title: str
    place: str = Field(description="sorts topics in learning order")
    explanation_html: str
    key_points_html: str
    sources: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    retired_at: datetime | None = None


class Card(SQLModel, table=True):
    """A question and its answer. Never deleted: a card that leaves the files is retired."""

    __table_args__ = (
        UniqueConstraint("deck_id", "name"),
        Index("ix_card_place", "deck_id", "retired_at", "place"),
        Index("ix_card_level", "level", "retired_at"),
        Index("ix_card_side_of", "deck_id", "side_of"),
    )

    id: int = Field(default=None, primary_key=True)
    deck_id: int = Field(foreign_key="deck.id")
    topic_id: int = Field(foreign_key="topic.id", index=True)
    name: str = Field(description="the {#id} in the file, or the question's slug until there is one")
    is_named: bool = Field(description="whether the file states the id")
    side_of: str | None = Field(default=None, description="the id in the file, if that is asked in several ways")
    asks: str | None = Field(default=None, description="the computed question that it asks, as its line Ask: says")
    place: str = Field(description="sorts cards in learning order within the deck")
    line: int = Field(description="of the question's heading, from 1")
    question: str = Field(description="plain text, for titles and search")
    question_html: str
    short_html: str = Field(description="the answer's first paragraph")
    answer_html: str = Field(description="the rest of the answer")
    points: list[list[str]] = Field(
        default_factory=list,
        sa_column=Column(JSON, nullable=False, default=list),
        description="what a good answer says: the Markdown and the HTML of each",
    )
    level: str | None = None
    content_hash: str = Field(description="of the card's Markdown and the renderer's version")
    answer_hash: str = Field(description="of the answer's Markdown alone")
    corrected_on: date | None = Field(default=None, description="the day of its last correction of substance")
    correction: str | None = Field(default=None, description="what was wrong, in the author's words")
    text_hash: str | None = Field(default=None, description="of the card's Markdown alone: its latest version's")
    retired_at: datetime | None = None
    seed: int | None = Field(default=None, description="of the fuzz; None means the id. Set by an imported history")


class CardVersion(SQLModel, table=True):
    """What a card's Markdown was from `loaded_at` to the next version. Append-only."""

    __tablename__ = "card_version"

    id: int = Field(default=None, primary_key=True)
    card_id: int = Field(foreign_key="card.id", index=True)
    text_hash: str = Field(description="of the Markdown; the renderer's version is not part of it")
    markdown: str
    path: str = Field(description="of its file then, relative to the content folder")
    line: int = Field(description="of its heading then, from 1")
    commit: str | None = Field(default=None, description="in git, if the file was read as it is there")
    loaded_at: datetime


class CardAlias(SQLModel, table=True):
    """A name that a card had before. Old histories and addresses are read by it, unless another card has it now."""

    __tablename__ = "card_alias"

    deck: str = Field(primary_key=True, description="name of the deck that it was in")
    name: str = Field(primary_key=True)
    card_id: int = Field(foreign_key="card.id", index=True)


class CardSource(SQLModel, table=True):
    """An item of a source document that a card covers."""

    __tablename__ = "card_source"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    item: str = Field(primary_key=True, index=True)


class CardTag(SQLModel, table=True):
    """A card's tag."""

    __tablename__ = "card_tag"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    tag: str = Field(primary_key=True, index=True)


class CardDemo(SQLModel, table=True):
    """A card's link to a demo at a state."""

    __tablename__ = "card_demo"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    position: int = Field(primary_key=True, description="order on the card, from 0")
    demo: str = Field(index=True)
    query: str = Field(description="the demo's parameters, as in an address")
    label: str


class CardLink(SQLModel, table=True):
    """A link from a card's answer to another card, by name: the other may come and go."""

    __tablename__ = "card_link"

    card_id: int = Field(foreign_key="card.id", primary_key=True)
    position: int = Field(primary_key=True, description="order on the card, from 0")
    deck: str = Field(description="name of the other card's deck")
    name: str = Field(index=True, description="the other card's name")
    is_follow_up: bool = Field(description="whether it is what an interviewer may ask next")


class Learner(SQLModel, table=True):
    """A person. None means the server's setting, or for the look the browser's."""

    id: int = Field(default=None, primary_key=True)
    name: str
    time_zone: str | None = None
    day_starts_at: int | None = None
    new_per_day: int | None = None
    desired_retention: float | None = None
    types_answers: bool = Field(default=False, description="asked to type an answer before the reveal")
    says_sure: bool = Field(default=False, description="asked before the reveal how sure they are")
    of_four: bool = Field(default=False, description="chooses computed answers from four instead of typing them")
    say_within: int | None = Field(default=None, description="seconds of the soft timer for saying it aloud")
    theme: str | None = Field(default=None, description="light or dark")
    text_size: int | None = Field(default=None, description="per cent")
    hides_hints: bool = Field(default=False, description="has read how pages work")
    own_keys: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False), description="action to key, where changed"
    )
    seed: int = Field(
        default_factory=lambda: secrets.randbelow(2**31), description="of the computed questions, in the history too"
    )
    key: str = Field(
        default_factory=lambda: secrets.token_hex(16),
        sa_column_kwargs={"server_default": ""},
        description="a name that no other learner has, here or elsewhere; see study/deletions.py",
    )
    leaves_at: datetime | None = Field(default=None, description="when everything of theirs is deleted, if they asked")
    importing: str | None = Field(
        default=None, description="while a history is imported: «after» the last review's id before it, then «decided»"
    )


class DeletedLearner(SQLModel, table=True):
    """A learner who was deleted for good: where a copy brings them back, they are deleted again."""

    __tablename__ = "deleted_learner"

    key: str = Field(primary_key=True)
    deleted_at: datetime


class Review(SQLModel, table=True):
    """One rating, or the undo of one. Append-only. A learner's reviews are ordered by `counts_at`, then by `token`."""

    __table_args__ = (
        CheckConstraint(
            "(undoes_id IS NULL AND rating IS NOT NULL AND rating BETWEEN 1 AND 5) "
            "OR (undoes_id IS NOT NULL AND rating IS NULL)",
            name="review_is_rating_or_undo",
        ),
        Index("ix_review_learner_card", "learner_id", "card_id", "counts_at", "token"),
        Index("ix_review_learner_order", "learner_id", "counts_at", "token"),
        Index("ix_review_learner_day", "learner_id", "day"),
        Index(
            "ix_review_learner_question",
            *("learner_id", "question", "counts_at"),
            sqlite_where=text("question IS NOT NULL"),
            postgresql_where=text("question IS NOT NULL"),
        ),
    )

    id: int = Field(default=None, primary_key=True)
    learner_id: int = Field(foreign_key="learner.id")
    card_id: int = Field(foreign_key="card.id")
    token: str = Field(
        sa_column=Column(TOKEN, nullable=False, unique=True), description="one-use id of the form that sent it"
    )
    rating: int | None = Field(default=None, description="1 to 5 as pressed; None for an undo")
    undoes_id: int | None = Field(default=None, foreign_key="review.id", unique=True)
    shown_at: datetime | None = None
    revealed_at: datetime | None = None
    rated_at: datetime
    counts_at: datetime = Field(description="its place among the learner's reviews; see study/schedule/review_log.py")
    day: date = Field(description="the learner's date, so that a replay needs no time zone")
    desired_retention: float = Field(description="in force then, so that a replay needs no settings")
    typed: str | None = Field(default=None, description="the answer as typed before the reveal")
    sitting: str | None = Field(default=None, description="the filters under which it was asked, as in an address")
    sure: int | None = Field(default=None, description="how sure one was before the reveal: 1 to 3")
    question: str | None = Field(default=None, description="the computed question that was asked, by its name")
    asked: str | None = Field(default=None, description="its version, parameters, words and answer; see computed.py")
    verdict: str | None = Field(default=None, description="right, slip, wrong, or nothing if none was given")
    slip: str | None = Field(default=None, description="what the mistake is, in a sentence, if it is a known one")
    of_four: bool | None = Field(default=None, description="whether it was a choice of four")
    points: str | None = Field(default=None, description="the card's points and which were made; see sitting/points.py")
    checksum: str = Field(description="of all that was rated; see study/schedule/checksum.py")


class CardState(SQLModel, table=True):
    """The state of one card for one learner: a projection of `review`, always equal to a replay."""

    __tablename__ = "card_state"
    __table_args__ = (
        Index("ix_card_state_due_on", "learner_id", "due_on", "card_id"),
        Index("ix_card_state_due_at", "learner_id", "due_at"),
        Index("ix_card_state_reviewed_on", "learner_id", "reviewed_on"),
        Index("ix_card_state_reviewed_at", "learner_id", "reviewed_at", "card_id"),
        Index("ix_card_state_difficulty", "learner_id", "difficulty"),
    )

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    card_id: int = Field(foreign_key="card.id", primary_key=True)
    stability: float = Field(description="days until the chance of recall is 90 %")
    difficulty: float = Field(description="1 to 10")
    due_on: date = Field(description="the learner's date on which it is asked again")
    due_at: datetime | None = Field(default=None, description="the time, when it returns within the sitting")
    introduced_on: date = Field(description="the learner's date of the first review")
    reviewed_on: date = Field(description="the learner's date of the last review")
    reviewed_at: datetime = Field(description="the time of the last review")
    reviews: int
    lapses: int = Field(description="times missed after having been remembered")
    last_review_id: int = Field(foreign_key="review.id", description="the last to be stored, wherever its place")
    recalls: int = Field(default=0, description="ratings a day or more after the one before")
    residual: float = Field(default=0.0, description="sum of (recalled - FSRS's chance) over the recalls")
    day_misses: int = Field(default=0, description="misses on the day of the last review")


class Forecast(SQLModel, table=True):
    """What a learner's first ratings have taught about their recall: a checkpoint of a fold over `review`.

    It counts for the ratings up to the one with `counts_at` and `token`; see study/forecast/checkpoints.py. A missing
    row is folded again when it is needed.
    """

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    ratings: int = Field(primary_key=True, description="how many ratings that were not undone it is made from")
    counts_at: datetime
    token: str = Field(sa_column=Column(TOKEN, nullable=False))
    learned: dict[str, object] = Field(sa_column=Column(JSON, nullable=False))


class CardMark(SQLModel, table=True):
    """A learner's marks and note on a card. A row without any need not exist."""

    __tablename__ = "card_mark"

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    card_id: int = Field(foreign_key="card.id", primary_key=True)
    buried_until: date | None = Field(default=None, description="the learner's date from which it is asked again")
    is_suspended: bool = Field(default=False, description="not asked until resumed")
    is_flagged: bool = False
    note: str = Field(default="", description="private")


class InterviewPlan(SQLModel, table=True):
    """What a learner wants to know on the day of an interview, and how much time there is until then."""

    __tablename__ = "plan"

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    name: str = Field(primary_key=True, description="in forms and exports; of all the learner's plans")
    interview_on: date
    deck: str = Field(default="", description="its name; empty for the first")
    selection: str = Field(default="", description="which of its cards, as in an address")
    minutes: int = Field(description="a day")
    days_off: str = Field(default="", description="digits of weekdays, 0 for Monday")
    is_over: bool = Field(default=False, description="the learner has said how it went, or does not want to")
    asked: str = Field(default="", description="what was asked in the interview")
    missing: str = Field(default="", description="what the learner could not answer")


class OwnTag(SQLModel, table=True):
    """A learner's own tag on a card, beside the tags in the content files."""

    __tablename__ = "own_tag"

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    card_id: int = Field(foreign_key="card.id", primary_key=True)
    tag: str = Field(primary_key=True)


class Quiz(SQLModel, table=True):
    """A list of cards asked in order, once. Its answers are reviews like any other."""

    id: int = Field(default=None, primary_key=True)
    learner_id: int = Field(foreign_key="learner.id", index=True)
    deck_id: int = Field(foreign_key="deck.id")
    name: str = Field(unique=True, description="in its address")
    kind: str = Field(description="chosen, weakest or interview")
    title: str = Field(description="what was chosen, in words")
    started_at: datetime
    seconds: int | None = Field(default=None, description="how long it may take, from the start")
    ended_at: datetime | None = None


class QuizItem(SQLModel, table=True):
    """A question of a quiz. The review with its token answers it, unless it was undone."""

    __tablename__ = "quiz_item"

    quiz_id: int = Field(foreign_key="quiz.id", primary_key=True)
    position: int = Field(primary_key=True, description="from 0")
    card_id: int = Field(foreign_key="card.id")
    is_follow_up: bool = Field(default=False, description="asked because of the card before it")
    expected: float | None = Field(default=None, description="chance of recall, 0 to 1, when the quiz was made")
    token: str | None = Field(default=None, unique=True, description="of the review that answered it")
    why: str | None = Field(default=None, description="why a mock interview asks its topic, in a few words")


class DayTotal(SQLModel, table=True):
    """A learner's ratings of one day in one topic, or with topic 0 in the whole deck: a projection of `review`."""

    __tablename__ = "day_total"
    __table_args__ = {"sqlite_with_rowid": False}  # read in the order of the key, and by it alone

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)
    topic_id: int = Field(primary_key=True)
    day: date = Field(primary_key=True)
    rated_1: int = 0
    rated_2: int = 0
    rated_3: int = 0
    rated_4: int = 0
    rated_5: int = 0
    new: int = Field(default=0, description="first ratings of a card")
    seconds: int = Field(default=0, description="from question to rating, each at most two minutes")


class MonthTotal(SQLModel, table=True):
    """A learner's recalls of one month in one topic, by the days since the review before: a projection of `review`.

    Only ratings at least a day after the one before are recalls.
    """

    __tablename__ = "month_total"
    __table_args__ = {"sqlite_with_rowid": False}

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)
    topic_id: int = Field(primary_key=True)
    interval: int = Field(primary_key=True, description="shortest interval of the class, in days")
    month: date = Field(primary_key=True, description="its first day")
    asked: int = 0
    recalled: int = 0
    expected: int = Field(default=0, sa_type=BigInteger, description="sum of the chances of recall, in millionths")


class NewCardCursor(SQLModel, table=True):
    """A hint: every card of the deck before `place` has a state. Deleted whenever that may have changed."""

    __tablename__ = "new_card_cursor"

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)
    place: str


class Account(SQLModel, table=True):
    """How a learner signs in, where everybody does. Deleted with the learner."""

    id: int = Field(default=None, primary_key=True)
    learner_id: int = Field(foreign_key="learner.id", unique=True)
    name: str = Field(unique=True, description="to sign in with, as `sign_in_name` writes it")
    hash: str | None = Field(default=None, description="of the password, by argon2; None until its owner chooses one")
    role: str = Field(description="learner, instructor or admin")
    made_at: datetime
    disabled_at: datetime | None = None


class SignIn(SQLModel, table=True):
    """A browser that is signed in."""

    __tablename__ = "sign_in"

    token_hash: str = Field(primary_key=True, description="of the secret in the browser's cookie")
    account_id: int = Field(foreign_key="account.id", index=True)
    started_at: datetime
    used_at: datetime = Field(description="to within ten minutes")


class KnownDevice(SQLModel, table=True):
    """A browser in which somebody signed in before: others' guesses do not keep it out."""

    __tablename__ = "known_device"

    token_hash: str = Field(primary_key=True, description="of the secret in the browser's cookie")
    account_id: int = Field(foreign_key="account.id", index=True)
    made_at: datetime


class AppToken(SQLModel, table=True):
    """What a program sends in place of a password."""

    __tablename__ = "app_token"

    id: int = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True)
    label: str = Field(description="what it is for, in its owner's words")
    made_at: datetime


class Guess(SQLModel, table=True):
    """How many wrong passwords count against an account, a device or an address: each moves `until` on."""

    key: str = Field(primary_key=True, description="a hash of what is counted")
    until: datetime = Field(index=True, description="when nothing is counted any more")


class SchoolClass(SQLModel, table=True):
    """A class: a name, its decks, and its members."""

    __tablename__ = "school_class"

    id: int = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    made_at: datetime


class ClassDeck(SQLModel, table=True):
    """A deck that a class studies, and its instructors write."""

    __tablename__ = "class_deck"

    class_id: int = Field(foreign_key="school_class.id", primary_key=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)


class ClassMember(SQLModel, table=True):
    """Somebody in a class, as a learner or as an instructor."""

    __tablename__ = "class_member"

    class_id: int = Field(foreign_key="school_class.id", primary_key=True)
    account_id: int = Field(foreign_key="account.id", primary_key=True, index=True)
    teaches: bool = False
    joined_at: datetime
    counts_from: datetime | None = Field(
        default=None, description="answers from then on count in the class's evidence; None if the learner is not in it"
    )
    part: int = Field(default=0, description="of the class, whose answers are shown and hidden together")


class Evidence(SQLModel, table=True):
    """Answers of a class as its instructors were last shown them: sums over a cell, as study/evidence/renew.py says.

    A row whose sums are 0 is hidden; up to which review it was shown must not be forgotten.
    """

    class_id: int = Field(foreign_key="school_class.id", primary_key=True)
    part: int = Field(primary_key=True, description="of the class")
    card_id: int = Field(foreign_key="card.id", primary_key=True)
    version_id: int = Field(primary_key=True, description="of the card's text; 0 if it is not stored")
    kind: str = Field(primary_key=True, description="first, later, slip, value or both")
    what: str = Field(primary_key=True, description="which slip, value or other card; otherwise empty")
    upto: int = Field(description="id of the last review that it was made from")
    made_at: datetime
    members: int = Field(description="how many learners of the part took part then")
    learners: int
    looks: int
    missed: int
    rating: int
    seconds: int
    timed: int
    expected: float
    squares: float
    products: float
    sizes: int


class ClassDate(SQLModel, table=True):
    """The day for which a class studies a deck: its exam, or an interview."""

    __tablename__ = "class_date"

    class_id: int = Field(foreign_key="school_class.id", primary_key=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)
    occasion: str = Field(description="what the day is, in the instructor's words")
    held_on: date


class ClassPlan(SQLModel, table=True):
    """A learner's plan for a deck that their class has a date for. Without this row the plan is the learner's own."""

    __tablename__ = "class_plan"

    learner_id: int = Field(foreign_key="learner.id", primary_key=True)
    class_id: int = Field(foreign_key="school_class.id", primary_key=True, index=True)
    deck_id: int = Field(foreign_key="deck.id", primary_key=True)
    plan: str = Field(description="its name, of all the learner's plans")
    follows: bool = Field(description="whether the class made it, and moves its date; otherwise it was there before")
    seen_on: date | None = Field(default=None, description="the class's date that the learner knows of")


class ClassTopic(SQLModel, table=True):
    """What the learners of a class knew of a topic when they were last counted; see study/classes/overview.py."""

    __tablename__ = "class_topic"

    class_id: int = Field(foreign_key="school_class.id", primary_key=True)
    topic_id: int = Field(foreign_key="topic.id", primary_key=True)
    counted_at: datetime
    learners: int = Field(description="of the class")
    cards: int = Field(description="of the topic")
    met: float = Field(description="mean share of the cards, 0 to 1, that a learner has rated")
    recalled: float = Field(description="mean share that a learner would recall then")
    ready: float | None = Field(default=None, description="mean share on the day held_on, without another look")
    held_on: date | None = Field(default=None, description="the class's date when they were counted")


class ClassQuiz(SQLModel, table=True):
    """A quiz that each learner of a class may take once, between two moments."""

    __tablename__ = "class_quiz"

    id: int = Field(default=None, primary_key=True)
    class_id: int = Field(foreign_key="school_class.id", index=True)
    deck_id: int = Field(foreign_key="deck.id")
    title: str
    cards: list[int] = Field(sa_column=Column(JSON, nullable=False), description="their ids, in the order of asking")
    opens_at: datetime
    closes_at: datetime
    made_at: datetime
    results: list[dict[str, object]] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True)), description="by question, counted once it was over"
    )


class ClassQuizTaker(SQLModel, table=True):
    """A learner who has begun the quiz of a class: `quiz` is the name of their own, with their answers."""

    __tablename__ = "class_quiz_taker"

    class_quiz_id: int = Field(foreign_key="class_quiz.id", primary_key=True)
    learner_id: int = Field(foreign_key="learner.id", primary_key=True, index=True)
    quiz: str


class EntryLink(SQLModel, table=True):
    """A link to a new password for `account_id`, to the profile `learner_id`, or to a new account."""

    __tablename__ = "entry_link"

    id: int = Field(default=None, primary_key=True)
    token_hash: str = Field(unique=True, description="of the secret in the link")
    role: str = Field(description="of the account that it makes")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    learner_id: int | None = Field(default=None, foreign_key="learner.id")
    class_id: int | None = Field(default=None, foreign_key="school_class.id", index=True)
    made_at: datetime
    ends_at: datetime
    uses: int = Field(description="how often it may still be used")
