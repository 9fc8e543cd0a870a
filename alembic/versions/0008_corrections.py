"""The last correction of a card, which a learner is told once"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card", sa.Column("corrected_on", sa.Date(), nullable=True))
    op.add_column("card", sa.Column("correction", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("card", "correction")
    op.drop_column("card", "corrected_on")
