"""Copies a PostgreSQL database by its own programs, which come with its client: pg_dump, pg_restore, psql.

They are told where the database is through the environment, so that no command line shows a password.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import inspect
from sqlmodel import SQLModel

import app.models  # noqa: F401  (fills the metadata)
from app.database import Database
from app.upkeep.copy_error import CopyError

BEGINNING = b"PGDMP"
"""How a file that pg_dump wrote begins."""
_TABLES = ("alembic_version", "card", "learner", "review")
_REVISION = re.compile(r"^COPY \S*alembic_version .*\n(\S+)$", re.MULTILINE)


def dump(database: Database, target: Path) -> int:
    """Copy the database as it is at this moment into a file of pg_dump's custom format; returns the number of reviews.

    Raises CopyError.
    """
    with database.read() as session:
        connection = session.connection()
        if not inspect(connection).has_table("review"):
            raise CopyError(f"{shown(database)} is not a Recur database: it has no table review.")
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        _run(database, "pg_dump", "--format=custom", *_NO_OWNER, f"--snapshot={snapshot}", f"--file={target}")
        target.chmod(0o600)
        reviews: int = connection.exec_driver_sql("SELECT count(*) FROM review").scalar_one()
    return reviews


def revision_of(database: Database, file: Path) -> str:
    """The revision of the schema in a file of pg_dump's. Raises CopyError if it is not a copy made by Recur."""
    listed = _run(database, "pg_restore", "--list", str(file))
    if missing := [name for name in _TABLES if not re.search(rf" TABLE DATA \S+ {name} ", listed)]:
        raise CopyError(f"{file} is not a copy made by Recur: it has no table {missing[0]}.")
    found = _REVISION.search(_run(database, "pg_restore", "--data-only", "--table=alembic_version", "-f-", str(file)))
    if found is None:
        raise CopyError(f"{file} does not say which version of Recur it is from: its alembic_version is empty.")
    return found[1]


def restore(database: Database, file: Path) -> None:
    """Replace every table of Recur by those in the file, in one transaction. Raises CopyError; then nothing changed."""
    names = ["card_search", "alembic_version", *SQLModel.metadata.tables]
    drop = "".join(f'DROP TABLE IF EXISTS "{name}" CASCADE;\n' for name in names)
    # pg_restore's own --clean fails where newer tables point to those it drops.
    psql = subprocess.Popen(  # noqa: S603
        [_program("psql"), "-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1"],
        env=_environment(database),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert psql.stdin is not None  # noqa: S101  (it is a pipe)
    try:
        psql.stdin.write(f"BEGIN;\nSET lock_timeout = '10s';\nSET client_min_messages = warning;\n{drop}".encode())
        psql.stdin.flush()
        read = subprocess.run(  # noqa: S603
            [_program("pg_restore"), *_NO_OWNER, "-f-", str(file)], stdout=psql.stdin, stderr=subprocess.PIPE
        )
        if read.returncode == 0:
            psql.stdin.write(b"COMMIT;\n")
    except BrokenPipeError:
        pass  # psql has ended, and says why
    _, said = psql.communicate()
    if read.returncode or psql.returncode:
        raise CopyError(f"{file} was not restored, and nothing has changed: {_last_line(read.stderr or said)}")


def shown(database: Database) -> str:
    """The database's address without its password."""
    return database.url.render_as_string(hide_password=True)


_NO_OWNER = ("--no-owner", "--no-privileges")


def _run(database: Database, name: str, *words: str) -> str:
    ended = subprocess.run([_program(name), *words], env=_environment(database), capture_output=True)  # noqa: S603
    if ended.returncode:
        raise CopyError(f"{name} failed: {_last_line(ended.stderr)}")
    return ended.stdout.decode(errors="replace")


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise CopyError(
            f"A PostgreSQL database is copied and restored by its own program {name}, which is not installed here. "
            "On Debian: apt-get install postgresql-client; it must not be older than the server."
        )
    return path


def _environment(database: Database) -> Mapping[str, str]:
    """libpq's variables for the database's address."""
    from psycopg import pq

    variables = {one.keyword.decode(): one.envvar.decode() for one in pq.Conninfo.get_defaults() if one.envvar}
    _, parameters = database.engine.dialect.create_connect_args(database.url)
    known = {variables[name]: str(value) for name, value in parameters.items() if name in variables}
    return {**os.environ, **known}


def _last_line(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "it did not say why")
