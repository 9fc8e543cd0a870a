"""The names that a card had before it was renamed, or moved to another deck"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_alias",
        sa.Column("deck", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"]),
        sa.PrimaryKeyConstraint("deck", "name"),
    )
    op.create_index("ix_card_alias_card_id", "card_alias", ["card_id"])


def downgrade() -> None:
    op.drop_index("ix_card_alias_card_id", "card_alias")
    op.drop_table("card_alias")
