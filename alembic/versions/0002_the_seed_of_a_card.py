"""The seed of a card: what decides its fuzz goes with a history to another database"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card", sa.Column("seed", sa.Integer(), nullable=True))


def downgrade() -> None:
    # Not in a batch, which would drop a table that others point to.
    op.drop_column("card", "seed")
