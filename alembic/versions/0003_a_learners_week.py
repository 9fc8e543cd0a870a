"""A learner's week: marks, own tags, quizzes, totals for statistics, links between cards, and what a learner prefers"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "day_total",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("deck_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rated_1", sa.Integer(), nullable=False),
        sa.Column("rated_2", sa.Integer(), nullable=False),
        sa.Column("rated_3", sa.Integer(), nullable=False),
        sa.Column("rated_4", sa.Integer(), nullable=False),
        sa.Column("rated_5", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deck_id"],
            ["deck.id"],
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
        ),
        sa.PrimaryKeyConstraint("learner_id", "deck_id", "topic_id", "day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "month_total",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("deck_id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("recalled", sa.Integer(), nullable=False),
        sa.Column("expected", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deck_id"],
            ["deck.id"],
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
        ),
        sa.PrimaryKeyConstraint("learner_id", "deck_id", "topic_id", "interval", "month"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "quiz",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("deck_id", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("ended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deck_id"],
            ["deck.id"],
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_quiz_learner_id", "quiz", ["learner_id"])

    op.create_table(
        "card_link",
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("deck", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("is_follow_up", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.PrimaryKeyConstraint("card_id", "position"),
    )
    op.create_index("ix_card_link_name", "card_link", ["name"])

    op.create_table(
        "card_mark",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("buried_until", sa.Date(), nullable=True),
        sa.Column("is_suspended", sa.Boolean(), nullable=False),
        sa.Column("is_flagged", sa.Boolean(), nullable=False),
        sa.Column("note", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
        ),
        sa.PrimaryKeyConstraint("learner_id", "card_id"),
    )
    op.create_table(
        "own_tag",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("tag", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.ForeignKeyConstraint(
            ["learner_id"],
            ["learner.id"],
        ),
        sa.PrimaryKeyConstraint("learner_id", "card_id", "tag"),
    )
    op.create_table(
        "quiz_item",
        sa.Column("quiz_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("is_follow_up", sa.Boolean(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.ForeignKeyConstraint(
            ["quiz_id"],
            ["quiz.id"],
        ),
        sa.PrimaryKeyConstraint("quiz_id", "position"),
        sa.UniqueConstraint("token"),
    )
    op.add_column("card_state", sa.Column("reviewed_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute(
        "UPDATE card_state SET reviewed_at = (SELECT rated_at FROM review WHERE review.id = card_state.last_review_id)"
    )
    with op.batch_alter_table("card_state") as batch:
        batch.alter_column("reviewed_at", existing_type=sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False)

    # Not in a batch, which would drop a table that others point to.
    op.add_column("learner", sa.Column("types_answers", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("learner", sa.Column("say_within", sa.Integer(), nullable=True))
    op.add_column("learner", sa.Column("interview_on", sa.Date(), nullable=True))
    op.add_column("learner", sa.Column("theme", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("learner", sa.Column("text_size", sa.Integer(), nullable=True))
    op.add_column("learner", sa.Column("own_keys", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("review", sa.Column("typed", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("review", sa.Column("sitting", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    for column in ("sitting", "typed"):
        op.drop_column("review", column)
    for column in ("own_keys", "text_size", "theme", "interview_on", "say_within", "types_answers"):
        op.drop_column("learner", column)
    op.drop_column("card_state", "reviewed_at")

    op.drop_table("quiz_item")
    op.drop_table("own_tag")
    op.drop_table("card_mark")
    op.drop_index("ix_card_link_name", "card_link")

    op.drop_table("card_link")
    op.drop_index("ix_quiz_learner_id", "quiz")

    op.drop_table("quiz")
    op.drop_table("month_total")
    op.drop_table("day_total")
