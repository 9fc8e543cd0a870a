"""The versions of a card: what it said when it was rated can be told"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "card_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("text_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("markdown", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("path", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("commit", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("loaded_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_card_version_card_id", "card_version", ["card_id"])
    op.add_column("card", sa.Column("text_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    # Every file is read once more, so that each card's text of today becomes its first version.
    op.execute("UPDATE content_file SET digest = ''")


def downgrade() -> None:
    op.drop_column("card", "text_hash")
    op.drop_index("ix_card_version_card_id", "card_version")
    op.drop_table("card_version")
