"""A plan until an interview, in place of its date alone"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text = sqlmodel.sql.sqltypes.AutoString()
    op.create_table(
        "plan",
        sa.Column("learner_id", sa.Integer(), nullable=False),
        sa.Column("name", text, nullable=False),
        sa.Column("interview_on", sa.Date(), nullable=False),
        sa.Column("deck", text, nullable=False),
        sa.Column("selection", text, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("days_off", text, nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("asked", text, nullable=False),
        sa.Column("missing", text, nullable=False),
        sa.ForeignKeyConstraint(["learner_id"], ["learner.id"]),
        sa.PrimaryKeyConstraint("learner_id", "name"),
    )
    # Nobody was asked for minutes: 20.
    op.execute(
        "INSERT INTO plan "
        "(learner_id, name, interview_on, deck, selection, minutes, days_off, is_over, asked, missing) "
        "SELECT id, 'interview', interview_on, '', '', 20, '', (1 = 0), '', '' "
        "FROM learner WHERE interview_on IS NOT NULL"
    )
    op.drop_column("learner", "interview_on")


def downgrade() -> None:
    op.add_column("learner", sa.Column("interview_on", sa.Date(), nullable=True))
    op.execute(
        "UPDATE learner SET interview_on = (SELECT max(interview_on) FROM plan WHERE plan.learner_id = learner.id)"
    )
    op.drop_table("plan")
