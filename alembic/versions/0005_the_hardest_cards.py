"""An index by difficulty: the hardest cards of a learner are found without looking at all"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_card_state_difficulty", "card_state", ["learner_id", "difficulty"])


def downgrade() -> None:
    op.drop_index("ix_card_state_difficulty", "card_state")
