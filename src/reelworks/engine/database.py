"""Opens the database and brings its tables up to date.

SQLite and PostgreSQL are the same to everything above this file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from dbos import run_dbos_database_migrations
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from reelworks.errors import SettingsError

_BUSY_TIMEOUT_MS = 30_000
_MIGRATION_LOCK = 0x5265656C  # "Reel": any number that no other program locks here


def open_database(url: str) -> sa.Engine:
    """An engine for a database URL; nothing is connected before it is used.

    Raises SettingsError for a URL that cannot be understood.
    """
    try:
        engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
    except sa.exc.ArgumentError as error:
        raise SettingsError(
            f"The database URL {url!r} is not understood; "
            "it looks like sqlite:////folder/file.db or postgresql://user@host/name."
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    return engine


def migrate(engine: sa.Engine) -> None:
    """Create or update every table, ours and the engine's. Safe from many processes at once.

    Raises SettingsError where the database does not answer.
    """
    try:
        _migrate(engine)
    except sa.exc.OperationalError as error:
        raise SettingsError(
            f"The database {engine.url!r} does not answer: {str(error.orig).strip()}."
        ) from error


def _migrate(engine: sa.Engine) -> None:
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    with _migration_lock(engine) as connection:
        config = Config()
        config.set_main_option("script_location", "reelworks.engine:migrations")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    run_dbos_database_migrations(engine.url.render_as_string(hide_password=False))


class DataVersion:
    """Tells cheaply whether anybody else has committed to an SQLite database.

    It holds one connection, which SQLite's ``data_version`` is relative to. Other databases
    always answer yes.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._connection: sa.Connection | None = None
        self._last: int | None = None

    def changed(self) -> bool:
        """Whether there may be something new since the last call."""
        if self._engine.dialect.name != "sqlite":
            return True
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
        now: int = self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        before, self._last = self._last, now
        return now != before

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class now_ms(GenericFunction[int]):  # noqa: N801  (a function in SQL)
    """The database's clock: milliseconds since 1970, UTC.

    Leases and "what changed since" compare times that many machines wrote; only the database's
    own clock is the same for all of them.
    """

    type = sa.BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _now_sqlite(*_: Any, **__: Any) -> str:
    # unixepoch('subsec') would say it plainly, but needs SQLite 3.42.
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_postgresql(*_: Any, **__: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # A transaction that will write takes the lock at its first statement: two of them can then
    # wait for each other, where two readers that both turn writers could not.
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: what was answered with 200 survives a power cut, not only a crash.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


@contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        yield connection
