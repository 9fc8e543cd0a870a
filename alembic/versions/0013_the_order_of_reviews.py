"""The order of reviews, by time instead of by their rows"""

from datetime import timedelta

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.study.schedule.checksum import checksum

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
BEFORE = "1970-01-01 00:00:00+00:00"
REVIEW = sa.table(
    "review",
    sa.column("id", sa.Integer()),
    sa.column("learner_id", sa.Integer()),
    *(sa.column(name, UTCDateTime()) for name in ("rated_at", "counts_at", "shown_at", "revealed_at")),
    *(sa.column(name, sa.String()) for name in ("token", "typed", "sitting", "checksum")),
    *(sa.column(name, sa.Integer()) for name in ("card_id", "rating", "undoes_id")),
    sa.column("day", sa.Date()),
    sa.column("desired_retention", sa.Float()),
)


def upgrade() -> None:
    op.add_column("review", sa.Column("counts_at", UTCDateTime(), nullable=False, server_default=BEFORE))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.alter_column("review", "token", type_=sa.String(collation="C"), existing_nullable=False)
    connection.execute(sa.update(REVIEW).values(counts_at=REVIEW.c.rated_at))
    _keep_the_order(connection)
    op.drop_index("ix_review_learner_card", "review")
    op.create_index("ix_review_learner_card", "review", ["learner_id", "card_id", "counts_at", "token"])
    op.create_index("ix_review_learner_order", "review", ["learner_id", "counts_at", "token"])


def downgrade() -> None:
    _write_older_checksums(op.get_bind())
    op.drop_index("ix_review_learner_order", "review")
    op.drop_index("ix_review_learner_card", "review")
    op.create_index("ix_review_learner_card", "review", ["learner_id", "card_id", "id"])
    op.drop_column("review", "counts_at")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("review", "token", type_=sa.String(collation="default"), existing_nullable=False)


def _keep_the_order(connection: sa.Connection) -> None:
    """Let each review count after the one before it, even where a clock was set back."""
    some = (
        sa.select(REVIEW.c.id, REVIEW.c.learner_id, REVIEW.c.rated_at)
        .where(REVIEW.c.id > sa.bindparam("last"))
        .order_by(REVIEW.c.id)
        .limit(AT_ONCE)
    )
    fill = sa.update(REVIEW).where(REVIEW.c.id == sa.bindparam("row")).values(counts_at=sa.bindparam("at"))
    reached = {}
    last = -(2**31)
    while rows := connection.execute(some, {"last": last}).all():
        moved = []
        for review_id, learner, rated_at in rows:
            before = reached.get(learner)
            reached[learner] = at = rated_at if before is None else max(rated_at, before + timedelta(microseconds=1))
            if at != rated_at:
                moved.append({"row": review_id, "at": at})
        if moved:
            connection.execute(fill, moved)
        last = rows[-1][0]


def _write_older_checksums(connection: sa.Connection) -> None:
    """Let the version before find no damage in reviews whose checksum covers what it does not know."""
    undone = REVIEW.alias("undone")
    newer = (
        sa.select(REVIEW, undone.c.token.label("undoes"))
        .select_from(REVIEW.outerjoin(undone, undone.c.id == REVIEW.c.undoes_id))
        .where(REVIEW.c.checksum.startswith("2:"))
        .limit(AT_ONCE)
    )
    fill = sa.update(REVIEW).where(REVIEW.c.id == sa.bindparam("row")).values(checksum=sa.bindparam("made"))
    while rows := connection.execute(newer).mappings().all():
        connection.execute(fill, [{"row": row["id"], "made": checksum(row, row["undoes"], "1")} for row in rows])
