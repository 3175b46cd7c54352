"""Opens the database and brings its tables up to date.

SQLite and PostgreSQL are the same to everything above this file. What only reads, too, ends with a
commit (``engine.begin``): with a rollback the driver forgets each statement that the server has
prepared, and to prepare them is a third of what a job costs.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from dbos import DBOS
from sqlalchemy import event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from reelworks.engine.explaining import explained, shown
from reelworks.engine.same_file import SameFile
from reelworks.engine.sharing import SharingPool
from reelworks.errors import EngineError, SettingsError

_BUSY_TIMEOUT_MS = 30_000
_MIGRATION_LOCK = 0x5265656C  # "Reel": any number that no other program locks here
_MIGRATION_SECONDS = 120.0
_LOCK_POLLING_SECONDS = 0.05

# A server that vanished without a word is noticed within half a minute, also while nothing is
# asked of it (keepalives) and while an answer is awaited (the user timeout, in milliseconds).
_CONNECTION = {
    "application_name": "reelworks",
    # Whatever the role's is: files and clients have names in every script.
    "client_encoding": "utf8",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
# Whoever stands still, or vanishes, within a transaction is thrown out by the server after so long,
# and what it held is free: about when its lease lapses, so that it holds up nobody who takes over.
_STANDSTILL_SECONDS = 10
# Whatever the database's is: under a stricter one, who waited for a row that another has changed is
# thrown out, in place of going on with what it is now.
_ISOLATION = "READ COMMITTED"
# Held open by a process, opened above that at need where the server lets us, and how long a thread
# waits for one. The one used last is used next, so that what was needed once at a peak goes idle.
_POOL = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10, "pool_use_lifo": True}
# A connection that was not used for so long is tried out before it is used. Trying out each, each
# time, would be every second thing that the server is asked.
_IDLE_SECONDS = 1.0
_KNOWS_SUBSECONDS = (3, 42)
# One of them with a port, at least: names alone are understood as they are.
_SEVERAL_HOSTS = re.compile(
    r"(?P<before>postgres[^:]*://(?:[^@?]*@)?)"
    r"(?P<hosts>(?=[^@/?]*:)[^@/?]*,[^@/?]*)(?P<behind>[/?].*)?",
    re.DOTALL,
)


def open_database(url: str) -> sa.Engine:
    """An engine for a database URL; nothing is connected before it is used.

    Raises SettingsError for a URL that cannot be understood.
    """
    # A password ends at its first @: what is left of it would be asked for as a host, and be shown.
    is_path = url.startswith("sqlite")
    if not is_path and "@" in url.partition("@")[2].partition("?")[0]:
        raise SettingsError(
            "The database URL has an @ too many; "
            "write one that is part of the user or the password as %40."
        )
    try:
        return _create(_read(url))
    except (sa.exc.ArgumentError, ValueError) as error:
        # The URL itself is not shown: it may hold a password, and nobody knows where.
        raise SettingsError(
            "The database URL is not understood; "
            "it looks like sqlite:////folder/file.db or postgresql://user:password@host/name."
        ) from error


def _read(url: str) -> sa.URL:
    """Several hosts, each with its port, may stand in it as PostgreSQL's own programs take them;
    what reads URLs here knows them as parameters alone."""
    found = _SEVERAL_HOSTS.fullmatch(url)
    if found is None:
        return sa.make_url(url)
    hosts, ports = zip(*map(_host_and_port, found["hosts"].split(",")), strict=True)
    rest = sa.make_url(found["before"] + (found["behind"] or ""))
    return rest.update_query_dict({"host": ",".join(hosts), "port": ",".join(ports)})


def _host_and_port(text: str) -> tuple[str, str]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):  # an IPv6 address alone
        host, port = text, ""
    return unquote(host.strip("[]")), port


def _create(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() in ("postgresql", "postgres"):
        ours = {name: value for name, value in _CONNECTION.items() if name not in url.query}
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=ours,
            isolation_level=_ISOLATION,
            poolclass=SharingPool,
            **_POOL,
        )
        event.listen(engine, "connect", _bound_standstill)
        event.listen(engine, "checkin", _note_return)
        event.listen(engine, "checkout", partial(_try_out, engine))
        event.listen(engine, "handle_error", _leave_standby)
        return engine
    if url.get_backend_name() != "sqlite":
        raise sa.exc.ArgumentError("neither SQLite nor PostgreSQL")
    engine = sa.create_engine(url)
    file = SameFile(Path(url.database or ""))
    event.listen(engine, "do_connect", file.check)  # or it would make an empty one
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "checkout", file.check)
    return engine


def is_sqlite(engine: sa.Engine) -> bool:
    """Whether the database is a file of this machine; otherwise it is a PostgreSQL server."""
    return engine.dialect.name == "sqlite"


def is_made(engine: sa.Engine) -> bool:
    """Whether there is a database to look into: a file may not have been made yet. A server's is
    taken to be there."""
    return not is_sqlite(engine) or Path(engine.url.database or "").is_file()


def check_connection(engine: sa.Engine) -> None:
    """Raises SettingsError where the database does not answer, or cannot hold what we write."""
    with explained(engine), engine.connect() as connection:
        connection.execute(sa.select(1))
        if not is_sqlite(engine):
            _check_server(connection)
    if is_sqlite(engine):
        _check_file(Path(engine.url.database or ""))
    else:
        _check_sessions(engine)


def _check_file(path: Path) -> None:
    """SQLite opens what can only be read without a word, and fails at the first change."""
    if path.is_file() and not os.access(path, os.W_OK):
        raise SettingsError(
            f"The database {path} can only be read by the user of this program, as after it was "
            "copied back by another one; let the file belong to this user."
        )


def _check_server(connection: sa.Connection) -> None:
    name = f"The database {shown(connection.engine.url)}"
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise SettingsError(
            f"{name} cannot hold every file's name: its encoding is {encoding}; "
            "create one with the encoding UTF8."
        )
    if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        raise SettingsError(
            f"{name} can only be read, as a standby or by what its user may do; "
            "name one in the URL that can be written."
        )


def _check_sessions(engine: sa.Engine) -> None:
    """Locks, statements that were prepared and what is listened to belong to a session.

    A pooler such as PgBouncer may lend each transaction another one.
    """
    idle_engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    with explained(engine), idle_engine.connect() as idle, engine.connect() as other:
        lent = _server_process(idle)
        if lent == cast(psycopg.Connection, idle.connection.driver_connection).info.backend_pid:
            return  # there is nobody in between
        # A transaction gets the session that is used by none, or those of one client change.
        if _server_process(other) != lent and _server_process(idle) == lent:
            return
    raise SettingsError(
        f"The database {shown(engine.url)} cannot be used through this pooler, which lends its "
        "connections for a transaction at a time; have it lend them for a session, or name the "
        "server itself in the URL."
    )


def _server_process(connection: sa.Connection) -> int:
    number: int = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    return number


def migrate(engine: sa.Engine) -> None:
    """Create or update every table, ours and the engine's. Safe from many processes at once.

    Raises SettingsError where the database does not answer, or cannot be used.
    """
    if is_sqlite(engine):
        Path(engine.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    with explained(engine), _migration_lock(engine):
        # Within the lock: of two processes that make one file's journal at once, SQLite does not
        # let one wait for the other but says that the file is locked.
        check_connection(engine)
        with engine.begin() as connection:
            _upgrade(connection)
        DBOS.migrate(engine.url.render_as_string(hide_password=False))


def _upgrade(connection: sa.Connection) -> None:
    config = Config()
    config.set_main_option("script_location", "reelworks.engine:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsError(
            f"The database {shown(connection.engine.url)} has tables that this release does not "
            f"know ({error}); start the release that made them, or a newer one."
        ) from error


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


def _bound_standstill(connection: Any, _record: Any) -> None:
    connection.autocommit = True  # or it would be taken back with the first rollback
    connection.execute(f"SET idle_in_transaction_session_timeout = '{_STANDSTILL_SECONDS} s'")
    connection.autocommit = False


def _note_return(_connection: Any, record: Any) -> None:
    record.info["returned_at"] = time.monotonic()


def _try_out(engine: sa.Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Have the pool open another connection in place of one that broke while it was idle."""
    now = time.monotonic()
    if now - record.info.get("returned_at", now) < _IDLE_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except psycopg.Error as error:
        # All of the pool's: the server was started again, most likely.
        raise sa.exc.InvalidatePoolError from error


def _leave_standby(context: sa.engine.ExceptionContext) -> None:
    """Have the pool open all connections anew that lead to a server which can only be read: the
    same name may lead elsewhere by now, and who was a standby does not break connections when he is
    one no more."""
    if isinstance(context.original_exception, psycopg.errors.ReadOnlySqlTransaction):
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # A transaction that will write takes the lock at its first statement: two of them can then
    # wait for each other, where two readers that both turn writers could not.
    connection.isolation_level = "IMMEDIATE"
    connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: what was answered with 200 survives a power cut, not only a crash.
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    # From Python 3.12 on, DBOS takes SQLite to be as new; many a Python comes with an older one.
    if sqlite3.sqlite_version_info < _KNOWS_SUBSECONDS:
        connection.create_function("unixepoch", 1, _unixepoch)


def _unixepoch(modifier: str) -> float | None:
    """``unixepoch('subsec')`` as SQLite 3.42 has it: seconds since 1970, to the millisecond."""
    return time.time_ns() // 1_000_000 / 1000 if modifier == "subsec" else None


@contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[None]:
    """Held by one process of all that use the database; the others wait here for their turn."""
    if is_sqlite(engine):
        with Path(f"{engine.url.database}.lock").open("a") as file:
            _wait_until(lambda: _lock_file(file.fileno()))
            yield
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.detach()  # or the pool would keep the session, and with it the lock
            _wait_until(lambda: _lock_server(connection))
            yield


def _lock_file(descriptor: int) -> bool:
    """Try to hold a file until it is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_server(connection: sa.Connection) -> bool:
    """Try to hold the server's lock until the connection ends.

    Nobody waits for it inside a statement or a transaction: an index that is built concurrently
    waits for all of them, and would wait for the one that waits for its builder.
    """
    lock = sa.select(sa.func.pg_try_advisory_lock(_MIGRATION_LOCK))
    held: bool = connection.execute(lock).scalar_one()
    return held


def _wait_until(taken: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _MIGRATION_SECONDS
    while not taken():
        if time.monotonic() > deadline:
            raise EngineError(
                f"Another process has been changing the tables for {_MIGRATION_SECONDS:.0f} s; "
                "look what it waits for, and start again."
            )
        time.sleep(_LOCK_POLLING_SECONDS)
