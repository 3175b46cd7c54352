"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from reelworks.engine.database import migrate, open_database
from reelworks.engine.records import Records


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


@pytest.fixture
def engine(tmp_path: Path, migrated: Path) -> Iterator[sa.Engine]:
    """A fresh database with all tables."""
    path = tmp_path / "reelworks.db"
    shutil.copyfile(migrated, path)
    engine = open_database(f"sqlite:///{path}")
    yield engine
    engine.dispose()


@pytest.fixture
def records(engine: sa.Engine) -> Records:
    """The records of a fresh database."""
    return Records(engine)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How hard the durability test hits; ``make chaos`` hits harder than ``make test``."""
    parser.addoption("--kills", type=int, default=4, help="times the whole service is killed")
    parser.addoption("--videos", type=int, default=4, help="videos that are under way then")
