"""The two services that are measured: as on one machine, and as on many."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.buckets import S3Server
from tests.databases import PostgresServer
from tests.installations import on_many_machines
from tests.service import RunningService

ONE_MACHINE, MANY_MACHINES = "SQLite + disk", "PostgreSQL + S3"
KINDS = (ONE_MACHINE, MANY_MACHINES)


@contextmanager
def serving(kind: str, folder: Path) -> Iterator[RunningService]:
    """A service of one of ``KINDS`` in a folder of its own, until the block ends."""
    with ExitStack() as held:
        if kind == ONE_MACHINE:
            service = RunningService(folder)
        else:
            postgres, s3 = PostgresServer(), S3Server()
            held.callback(postgres.end)
            held.callback(s3.end)
            service = on_many_machines(folder, postgres, s3)
        held.callback(service.kill)
        yield service
