"""The sides of a card that is asked in several ways"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("card", sa.Column("side_of", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index("ix_card_side_of", "card", ["deck_id", "side_of"])


def downgrade() -> None:
    op.drop_index("ix_card_side_of", "card")
    op.drop_column("card", "side_of")
