"""How a database fails in use, as our own errors: it is away, full, or not what it was."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa

from reelworks.errors import DatabaseFull, EngineError

# How it shows that a database is away, or that its connection broke under a statement.
_AWAY = (
    sa.exc.OperationalError,
    sa.exc.InterfaceError,
    sa.exc.InternalError,
    sa.exc.TimeoutError,
    sa.exc.ResourceClosedError,
)
# How PostgreSQL says that our tables are not there, or not for us. SQLite's word is among those.
_CHANGED = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
)
# How SQLite and PostgreSQL say that there is no room left.
_FULL = ("database or disk is full", "No space left on device")
_NO_CONNECTION_LEFT = (
    "too many clients",
    "too many connections",
    "connection slots are reserved",
)
"""How PostgreSQL says that it lets nobody else in."""
READ_ONLY = (
    "The database can only be read, as a standby can; name the one that can be written, "
    "or make this one so, and try again."
)
_NO_ROOM = "There is no room left on the disk of the database; make some, and try again."

# What the server or its client's library says goes to whoever asked: a stranger, maybe.
_NAMED = re.compile(r"\"[^\"]*\"|'[^']*'")


@contextmanager
def translated() -> Iterator[None]:
    """A database that does not answer, as an EngineError; one without room, as DatabaseFull.

    One that is not what it was does not answer either: dropped and made again, say, or taken from
    its user; nor does a file that is damaged.
    """
    try:
        yield
    except sa.exc.ProgrammingError as error:
        if not isinstance(error.orig, _CHANGED):
            raise
        said = error.orig.diag.message_primary
        raise EngineError(f"The database is not what it was: {said}.") from error
    except _AWAY as error:
        if any(sign in str(error) for sign in _FULL):
            raise DatabaseFull(_NO_ROOM) from error
        if is_refused(str(error)):
            raise EngineError(
                "The database has no connection left; let it have more, or run fewer programs, "
                "and try again."
            ) from error
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
        if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
            raise EngineError(READ_ONLY) from error
        if isinstance(cause, sqlite3.Error):  # a file of this machine, and short words about it
            raise EngineError(f"The database does not answer: {cause}.") from error
        said = _cause(error)
        raise EngineError(
            f"The database does not answer{said and ': '}{said}; try again."
        ) from error
    except sa.exc.DatabaseError as error:
        if type(error.orig) is not sqlite3.DatabaseError:
            raise
        raise EngineError(
            f"The database cannot be read: {error.orig}; mend its disk, or bring a copy back."
        ) from error


def is_refused(said: str) -> bool:
    """Whether PostgreSQL says that it lets no more connections in."""
    return any(sign in said for sign in _NO_CONNECTION_LEFT)


def without_statement(error: Exception) -> str:
    """What an error says, in one line: a database's goes on with all that it was asked."""
    said = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return str(said).strip().partition("\n")[0]


def last_words(said: str) -> str:
    """Of what PostgreSQL or its library says: the last of several tries, without what the library
    adds, set in, on what it may mean."""
    lines = [line for line in said.strip().splitlines() if not line.startswith("\t")]
    return lines[-1].rstrip(".") if lines else ""


def _cause(error: sa.exc.SQLAlchemyError) -> str:
    """Why PostgreSQL does not answer, without names of hosts and users; "" where nobody says."""
    if isinstance(error, sa.exc.TimeoutError):  # the pool, in words about its own settings
        return "all connections of this program are in use"
    if not isinstance(error, sa.exc.DBAPIError) or not isinstance(error.orig, psycopg.Error):
        return ""
    said = error.orig.diag.message_primary or last_words(str(error.orig))
    return _NAMED.sub("…", said.rpartition(" failed: ")[2].removeprefix("FATAL:").strip())
