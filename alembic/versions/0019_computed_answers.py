"""What a computed card asked, and how its answer was judged"""

import secrets

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.study.schedule.checksum import checksum

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
TEXTS = ("question", "asked", "verdict", "slip")
LEARNER = sa.table("learner", sa.column("id", sa.Integer()), sa.column("seed", sa.Integer()))
REVIEW = sa.table(
    "review",
    sa.column("id", sa.Integer()),
    sa.column("learner_id", sa.Integer()),
    *(sa.column(name, UTCDateTime()) for name in ("rated_at", "counts_at", "shown_at", "revealed_at")),
    *(sa.column(name, sa.String()) for name in ("token", "typed", "sitting", "checksum")),
    *(sa.column(name, sa.Integer()) for name in ("card_id", "rating", "undoes_id", "sure")),
    sa.column("day", sa.Date()),
    sa.column("desired_retention", sa.Float()),
)


def upgrade() -> None:
    op.add_column("learner", sa.Column("of_four", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("learner", sa.Column("seed", sa.Integer(), nullable=False, server_default="0"))
    connection = op.get_bind()
    for learner in connection.execute(sa.select(LEARNER.c.id)).scalars().all():
        mine = sa.update(LEARNER).where(LEARNER.c.id == learner)
        connection.execute(mine.values(seed=secrets.randbelow(2**31)))
    for name in TEXTS:
        op.add_column("review", sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column("review", sa.Column("of_four", sa.Boolean(), nullable=True))
    where = sa.text("question IS NOT NULL")
    columns = ["learner_id", "question", "counts_at"]
    op.create_index("ix_review_learner_question", "review", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    _write_older_checksums(op.get_bind())
    op.drop_index("ix_review_learner_question", "review")
    for name in (*TEXTS, "of_four"):
        op.drop_column("review", name)
    op.drop_column("learner", "of_four")
    op.drop_column("learner", "seed")


def _write_older_checksums(connection: sa.Connection) -> None:
    """Let the version before find no damage in reviews whose checksum covers what it does not know."""
    undone = REVIEW.alias("undone")
    newer = (
        sa.select(REVIEW, undone.c.token.label("undoes"))
        .select_from(REVIEW.outerjoin(undone, undone.c.id == REVIEW.c.undoes_id))
        .where(REVIEW.c.checksum.startswith("4:"))
        .limit(AT_ONCE)
    )
    fill = sa.update(REVIEW).where(REVIEW.c.id == sa.bindparam("row")).values(checksum=sa.bindparam("made"))
    while rows := connection.execute(newer).mappings().all():
        connection.execute(fill, [{"row": row["id"], "made": checksum(row, row["undoes"], "3")} for row in rows])
