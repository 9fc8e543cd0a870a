"""Full-text search over the cards: an FTS5 table, or a tsvector under a GIN index"""

from alembic import op

from app.cards.load.search import rebuild

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        # The words come folded and apart, so that this tokenizer need only cut at the spaces.
        op.execute(
            "CREATE VIRTUAL TABLE card_search USING fts5("
            "question, tags, sources, answer, tokenize = 'ascii', prefix = '1 2 3')"
        )
    else:
        op.execute(
            "CREATE TABLE card_search (card_id INTEGER PRIMARY KEY REFERENCES card (id), document TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX ix_card_search_document ON card_search USING gin (document)")
    # The level stands behind the long texts in a row: reading them all to find it takes long.
    op.create_index("ix_card_level", "card", ["level", "retired_at"])
    # Cards of before are not loaded again for it. What is derived is made by the code that keeps it up.
    rebuild(connection)


def downgrade() -> None:
    op.drop_index("ix_card_level", "card")
    op.execute("DROP TABLE card_search")
