"""How sure a learner was before the reveal"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

from app.study.schedule.checksum import checksum

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
REVIEW = sa.table(
    "review",
    *(sa.column(name, sa.Integer()) for name in ("id", "learner_id", "card_id", "rating", "undoes_id")),
    *(sa.column(name, UTCDateTime()) for name in ("rated_at", "counts_at", "shown_at", "revealed_at")),
    *(sa.column(name, sa.String()) for name in ("token", "typed", "sitting", "checksum")),
    sa.column("day", sa.Date()),
    sa.column("desired_retention", sa.Float()),
)


def upgrade() -> None:
    op.add_column("review", sa.Column("sure", sa.Integer(), nullable=True))
    op.add_column("learner", sa.Column("says_sure", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    connection = op.get_bind()
    undone = REVIEW.alias("undone")
    newer = (
        sa.select(REVIEW, undone.c.token.label("undoes"))
        .select_from(REVIEW.outerjoin(undone, undone.c.id == REVIEW.c.undoes_id))
        .where(REVIEW.c.checksum.startswith("3:"))
        .limit(AT_ONCE)
    )
    fill = sa.update(REVIEW).where(REVIEW.c.id == sa.bindparam("row")).values(checksum=sa.bindparam("made"))
    # So that the version before finds no damage in reviews whose checksum covers what it does not know.
    while rows := connection.execute(newer).mappings().all():
        connection.execute(fill, [{"row": row["id"], "made": checksum(row, row["undoes"], "2")} for row in rows])
    op.drop_column("learner", "says_sure")
    op.drop_column("review", "sure")
