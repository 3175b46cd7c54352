"""The service as it is installed on many machines, on this one."""

from __future__ import annotations

from pathlib import Path

from tests.buckets import S3Server
from tests.databases import PostgresServer
from tests.service import RunningService


def on_many_machines(
    folder: Path, postgres: PostgresServer, s3: S3Server, *flags: str
) -> RunningService:
    """A service with a database and a place in the bucket of its own."""
    url = s3.create()
    return RunningService(
        folder,
        *("--database-url", postgres.create(), "--storage-url", url, *flags),
        kept=s3.folder(url),
        environment=s3.environment,
    )
