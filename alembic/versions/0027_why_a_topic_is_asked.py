"""Why a mock interview asks a topic"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("quiz_item", sa.Column("why", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("quiz_item", "why")
