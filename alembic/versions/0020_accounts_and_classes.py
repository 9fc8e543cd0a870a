"""Accounts, what lets people in, and classes"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = (
    "entry_link",
    "class_member",
    "class_deck",
    "school_class",
    "guess",
    "app_token",
    "known_device",
    "sign_in",
    "account",
)
"""In the order in which they can be dropped."""


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("learner_id", sa.Integer(), sa.ForeignKey("learner.id"), nullable=False, unique=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("hash", sa.String()),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("disabled_at", UTCDateTime()),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_hash", sa.String(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "known_device",
        sa.Column("token_hash", sa.String(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "app_token",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("token_hash", sa.String(), nullable=False, unique=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("made_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "guess",
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("until", UTCDateTime(), nullable=False, index=True),
    )
    op.create_table(
        "school_class",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False, unique=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "class_deck",
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True),
        sa.Column("deck_id", sa.Integer(), sa.ForeignKey("deck.id"), primary_key=True),
    )
    op.create_table(
        "class_member",
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), primary_key=True),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id"), primary_key=True, index=True),
        sa.Column("teaches", sa.Boolean(), nullable=False),
        sa.Column("joined_at", UTCDateTime(), nullable=False),
    )
    op.create_table(
        "entry_link",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("token_hash", sa.String(), nullable=False, unique=True),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), sa.ForeignKey("account.id")),
        sa.Column("learner_id", sa.Integer(), sa.ForeignKey("learner.id")),
        sa.Column("class_id", sa.Integer(), sa.ForeignKey("school_class.id"), index=True),
        sa.Column("made_at", UTCDateTime(), nullable=False),
        sa.Column("ends_at", UTCDateTime(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
