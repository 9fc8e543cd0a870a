"""Results of a class's quizzes by part of the class, which can be taken out when somebody leaves

What was counted before names no parts, so nobody's answers could be taken out of it: it is not shown any more. It is
not counted anew either, since those who left meanwhile could be told from the difference.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("UPDATE class_quiz SET results = '[]' WHERE results IS NOT NULL")


def downgrade() -> None:
    upgrade()
