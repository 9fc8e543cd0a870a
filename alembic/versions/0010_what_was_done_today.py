"""What was done today: found by the date of the last review, while new cards are counted in the totals"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_card_state_introduced_on", "card_state")
    op.create_index("ix_card_state_reviewed_on", "card_state", ["learner_id", "reviewed_on"])


def downgrade() -> None:
    op.drop_index("ix_card_state_reviewed_on", "card_state")
    op.create_index("ix_card_state_introduced_on", "card_state", ["learner_id", "introduced_on"])
