"""Whether anything may have changed in the database: a cheap question before the tables are read.

SQLite itself knows; on PostgreSQL whoever changes a process announces it, and one connection of
each API process listens. An announcement says only "look": the tables are the truth.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol, cast

import psycopg
import sqlalchemy as sa

from reelworks.engine.database import is_sqlite
from reelworks.engine.failing import translated
from reelworks.telemetry.outage import Outage

log = logging.getLogger(__name__)

_CHANNEL = "reelworks_changes"
# PostgreSQL lets one announcing transaction commit at a time. So many processes that announce each
# change would wait for each other's disks; one look finds all that changed meanwhile anyhow.
_ANNOUNCE_SECONDS = 0.1
# Without an announcement there is a look after this long: some changes are not announced, and a
# connection may be lost without a word.
_UNANNOUNCED_SECONDS = 0.3
_RECONNECT_SECONDS = 1.0
# Since PostgreSQL 14 an operator can have sessions ended that ask nothing for a while. This one
# asks nothing, and is at work all the same.
_KNOWS_IDLE_SESSIONS = 140_000


class Changes(Protocol):
    """Answers for one reader, in any thread."""

    def changed(self) -> bool:
        """Whether there may be something new since the last call; not once it is closed."""

    def close(self) -> None:
        """Let go of the database, after a question that is under way."""


def watch(engine: sa.Engine) -> Changes:
    """Watches a database of either kind; nothing is connected before the first question."""
    return DataVersion(engine) if is_sqlite(engine) else Announcements(engine)


class DataVersion:
    """Tells whether anybody else has committed to an SQLite database.

    It holds one connection, which SQLite's ``data_version`` is relative to.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._closed = False
        self._connection: sa.Connection | None = None
        self._last: int | None = None

    def changed(self) -> bool:
        with self._lock, translated():
            return not self._closed and self._moved_on()

    def _moved_on(self) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            )
        now: int = self._connection.exec_driver_sql("PRAGMA data_version").scalar_one()
        before, self._last = self._last, now
        return now != before

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None


class Announcements:
    """Hears, on a connection and a thread of its own, what others announce on PostgreSQL."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._news = threading.Event()
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._listener: threading.Thread | None = None
        self._outage = Outage(
            log, "nothing is heard from the database", "the database is heard again"
        )

    def changed(self) -> bool:
        with self._lock:
            return not self._closing.is_set() and self._heard()

    def _heard(self) -> bool:
        if self._listener is None:
            self._listener = threading.Thread(target=self._listen, name="listener", daemon=True)
            self._listener.start()
            self._news.set()
        news = self._news.is_set() or not self._listener.is_alive()
        self._news.clear()
        return news

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            if self._listener is not None:
                self._listener.join()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                self._hear()
            except (sa.exc.DBAPIError, sa.exc.TimeoutError, psycopg.Error) as error:
                self._outage.failed(error)
                self._news.set()
                self._closing.wait(_RECONNECT_SECONDS)

    def _hear(self) -> None:
        pooled = self._engine.raw_connection()
        connection = cast(psycopg.Connection, pooled.driver_connection)
        pooled.detach()  # it listens for as long as it lives: nothing for others to use again
        with connection:
            connection.autocommit = True
            if connection.info.server_version >= _KNOWS_IDLE_SESSIONS:
                connection.execute("SET idle_session_timeout = 0")
            connection.execute(f"LISTEN {_CHANNEL}")
            self._outage.succeeded()
            while not self._closing.is_set():
                self._news.set()
                for _ in connection.notifies(timeout=_UNANNOUNCED_SECONDS):
                    self._news.set()


class Announcer:
    """Announces changes in the very transactions that make them, a few times a second."""

    def __init__(self) -> None:
        self._announced_at = -_ANNOUNCE_SECONDS

    def announce(self, connection: sa.Connection) -> None:
        """To be heard when the transaction commits, unless there was one just before."""
        now = time.monotonic()
        if connection.dialect.name == "sqlite" or now - self._announced_at < _ANNOUNCE_SECONDS:
            return
        self._announced_at = now
        connection.execute(sa.select(sa.func.pg_notify(_CHANNEL, "")))
