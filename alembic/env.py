"""Alembic's environment: the engine comes from app.database, or from the settings on the command line."""

from alembic import context
from sqlmodel import SQLModel

import app.models  # noqa: F401  (fills the metadata)
from app.database import Database, will_write
from app.settings import Settings

engine = context.config.attributes.get("engine")
if engine is None:
    engine = Database(Settings().database_url).engine


def is_of_the_models(_thing: object, name: str | None, kind: str, *_more: object) -> bool:
    """Whether autogenerate compares it: the search index, with FTS5's own tables, is no model."""
    return not (kind == "table" and name is not None and name.startswith("card_search"))


with engine.connect() as connection:
    will_write(connection)
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        include_object=is_of_the_models,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
