"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa

from reelworks.engine.database import migrate, open_database
from reelworks.engine.records import Records
from tests.buckets import S3Server, SeaweedServer
from tests.databases import PostgresServer

# A shell that runs the tests in the background lets them ignore Ctrl-C, and so every program that
# they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


# How long something takes is no property of it, least of all beside other tests.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server, started when a test first asks for it."""
    server = PostgresServer()
    yield server
    server.end()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """An S3 server, started when a test first asks for it."""
    server = S3Server()
    yield server
    server.end()


@pytest.fixture(scope="session")
def seaweed() -> Iterator[SeaweedServer]:
    """Another one, closer to Amazon's."""
    server = SeaweedServer()
    yield server
    server.end()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and nothing in them, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "reelworks.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with all tables and nothing in them, to be copied."""
    engine = open_database(postgres.create())
    migrate(engine)
    engine.dispose()
    return engine.url.database or ""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without any tables, of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/reelworks.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with all tables, of each kind in turn."""
    if request.param == "sqlite":
        path = tmp_path / "reelworks.db"
        shutil.copyfile(request.getfixturevalue("migrated"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create(request.getfixturevalue("template"))
    yield url
    server.drop(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A fresh database with all tables."""
    engine = open_database(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def records(engine: sa.Engine) -> Records:
    """The records of a fresh database."""
    return Records(engine)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How hard the durability test hits; ``make kills`` hits harder than ``make test``."""
    parser.addoption("--kills", type=int, default=4, help="times the whole service is killed")
    parser.addoption("--videos", type=int, default=4, help="videos that are under way then")
