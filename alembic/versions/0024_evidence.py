"""What instructors are shown of a class's answers"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

SUMS = ("learners", "looks", "missed", "rating", "seconds", "timed", "sizes")
FLOATS = ("expected", "squares", "products")


def upgrade() -> None:
    op.add_column("class_member", sa.Column("counts_from", UTCDateTime()))
    op.add_column("class_member", sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "evidence",
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True),
        sa.Column("part", sa.Integer(), primary_key=True),
        sa.Column("card_id", sa.Integer(), sa.ForeignKey("card.id"), primary_key=True),
        sa.Column("version_id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("what", sa.String(), primary_key=True),
        sa.Column("upto", sa.Integer(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in SUMS),
        *(sa.Column(name, sa.Float(), nullable=False) for name in FLOATS),
    )


def downgrade() -> None:
    op.drop_table("evidence")
    with op.batch_alter_table("class_member") as batch:
        batch.drop_column("part")
        batch.drop_column("counts_from")
