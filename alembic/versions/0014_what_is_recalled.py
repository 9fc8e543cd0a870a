"""A card's own record of recalls, and what a learner's ratings have taught"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RECORD = (("recalls", sa.Integer()), ("residual", sa.Float()), ("day_misses", sa.Integer()))


def upgrade() -> None:
    for name, kind in RECORD:
        op.add_column("card_state", sa.Column(name, kind, nullable=False, server_default="0"))
    op.create_table(
        "forecast",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("ratings", sa.Integer(), nullable=False),
        sa.Column("counts_at", UTCDateTime(), nullable=False),
        sa.Column("token", sa.String().with_variant(sa.String(collation="C"), "postgresql"), nullable=False),
        sa.Column("learned", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["learner_id"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner_id", "ratings"),
    )
    # The record follows from the reviews: whoever has no totals is replayed when the server starts.
    for table in ("day_total", "month_total"):
        op.execute(sa.text(f"DELETE FROM {table}"))  # noqa: S608 - our own names


def downgrade() -> None:
    op.drop_table("forecast")
    for name, _kind in RECORD:
        op.drop_column("card_state", name)
