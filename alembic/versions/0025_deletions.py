"""Deletions that are asked for, and those that are final"""

import secrets

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

LEARNER = sa.table("learner", sa.column("id", sa.Integer()), sa.column("key", sa.String()))


def upgrade() -> None:
    op.add_column("learner", sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=""))
    op.add_column("learner", sa.Column("leaves_at", UTCDateTime(), nullable=True))
    connection = op.get_bind()
    for learner in connection.execute(sa.select(LEARNER.c.id)).scalars().all():
        mine = sa.update(LEARNER).where(LEARNER.c.id == learner)
        connection.execute(mine.values(key=secrets.token_hex(16)))
    op.create_table(
        "deleted_learner",
        sa.Column("key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def downgrade() -> None:
    op.drop_table("deleted_learner")
    op.drop_column("learner", "leaves_at")
    op.drop_column("learner", "key")
