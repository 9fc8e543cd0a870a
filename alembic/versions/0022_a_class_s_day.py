"""A class's dates, the plans that follow them, its quizzes, and what its learners know by topic"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("class_quiz_taker", "class_quiz", "class_topic", "class_plan", "class_date")


def upgrade() -> None:
    op.create_table(
        "class_date",
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True),
        sa.Column("deck_id", sa.Integer(), sa.ForeignKey("deck.id"), primary_key=True),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
    )
    op.create_table(
        "class_plan",
        sa.Column("learner_id", sa.Integer(), sa.ForeignKey("learner.id"), primary_key=True),
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True, index=True),
        sa.Column("deck_id", sa.Integer(), sa.ForeignKey("deck.id"), primary_key=True),
        sa.Column("plan", sa.String(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("seen_on", sa.Date()),
    )
    op.create_table(
        "class_topic",
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True),
        sa.Column("topic_id", sa.Integer(), sa.ForeignKey("topic.id"), primary_key=True),
        sa.Column("counted_at", UTCDateTime(), nullable=False),
        sa.Column("learners", sa.Integer(), nullable=False),
        sa.Column("cards", sa.Integer(), nullable=False),
        sa.Column("met", sa.Float(), nullable=False),
        sa.Column("recalled", sa.Float(), nullable=False),
        sa.Column("ready", sa.Float()),
        sa.Column("held_on", sa.Date()),
    )
    op.create_table(
        "class_quiz",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), nullable=False, index=True),
        sa.Column("deck_id", sa.Integer(), sa.ForeignKey("deck.id"), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("cards", sa.JSON(), nullable=False),
        sa.Column("opens_at", UTCDateTime(), nullable=False),
        sa.Column("closes_at", UTCDateTime(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("results", sa.JSON()),
    )
    op.create_table(
        "class_quiz_taker",
        sa.Column("class_quiz_id", sa.Integer(), sa.ForeignKey("class_quiz.id"), primary_key=True),
        sa.Column("learner_id", sa.Integer(), sa.ForeignKey("learner.id"), primary_key=True, index=True),
        sa.Column("quiz", sa.String(), nullable=False),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
