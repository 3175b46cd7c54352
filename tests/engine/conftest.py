"""Fixtures for tests with worker processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.engine.workers import Workers


@pytest.fixture
def workers(engine: sa.Engine, tmp_path: Path) -> Iterator[Workers]:
    workers = Workers(engine, tmp_path)
    yield workers
    workers.end()
