"""A checksum in each review, so that damage to one is found"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

from app.study.schedule.checksum import checksum

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

AT_ONCE = 2_000
_TEXT = ("token", "typed", "sitting")
_NUMBERS = ("id", "learner_id", "card_id", "rating", "undoes_id")
_TIMES = ("shown_at", "revealed_at", "rated_at")
REVIEW = sa.table(
    "review",
    *(sa.column(name, sa.String()) for name in (*_TEXT, "checksum")),
    *(sa.column(name, sa.Integer()) for name in _NUMBERS),
    *(sa.column(name, UTCDateTime()) for name in _TIMES),
    sa.column("day", sa.Date()),
    sa.column("desired_retention", sa.Float()),
)


def upgrade() -> None:
    op.add_column("review", sa.Column("checksum", AutoString(), nullable=False, server_default=""))
    connection = op.get_bind()
    undone = REVIEW.alias("undone")
    some = (
        sa.select(REVIEW, undone.c.token.label("undoes"))
        .select_from(REVIEW.outerjoin(undone, undone.c.id == REVIEW.c.undoes_id))
        .where(REVIEW.c.id > sa.bindparam("last"))
        .order_by(REVIEW.c.id)
        .limit(AT_ONCE)
    )
    fill = sa.update(REVIEW).where(REVIEW.c.id == sa.bindparam("row")).values(checksum=sa.bindparam("made"))
    last = -(2**31)
    while rows := connection.execute(some, {"last": last}).mappings().all():
        connection.execute(fill, [{"row": row["id"], "made": checksum(row, row["undoes"], "1")} for row in rows])
        last = rows[-1]["id"]


def downgrade() -> None:
    op.drop_column("review", "checksum")
