"""The order of a sitting: due cards by date and id, and cards by their last look"""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_card_state_due_on", "card_state")
    op.create_index("ix_card_state_due_on", "card_state", ["learner_id", "due_on", "card_id"])
    op.create_index("ix_card_state_reviewed_at", "card_state", ["learner_id", "reviewed_at", "card_id"])


def downgrade() -> None:
    op.drop_index("ix_card_state_reviewed_at", "card_state")
    op.drop_index("ix_card_state_due_on", "card_state")
    op.create_index("ix_card_state_due_on", "card_state", ["learner_id", "due_on"])
