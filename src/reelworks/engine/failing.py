"""How a database fails in use, as our own errors: it is away, full, or not what it was."""

from __future__ import annotations

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
NO_CONNECTION_LEFT = (
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
        if any(sign in str(error) for sign in NO_CONNECTION_LEFT):
            raise EngineError(
                "The database has no connection left; let it have more, or run fewer programs, "
                "and try again."
            ) from error
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else None
        if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
            raise EngineError(READ_ONLY) from error
        if isinstance(cause, sqlite3.Error):  # a file of this machine, and short words about it
            raise EngineError(f"The database does not answer: {cause}.") from error
        raise EngineError("The database does not answer; try again.") from error
    except sa.exc.DatabaseError as error:
        if type(error.orig) is not sqlite3.DatabaseError:
            raise
        raise EngineError(
            f"The database cannot be read: {error.orig}; mend its disk, or bring a copy back."
        ) from error
