"""A service for the examples."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clips import plain
from tests.service import RunningService


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that every test of a file may use and none may break."""
    service = RunningService(tmp_path_factory.mktemp("examples"))
    yield service
    service.stop()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """A video whose name a careless script would take apart."""
    path = tmp_path / 'a "film"; of the sea, 2026.mp4'
    path.write_bytes(plain().read_bytes())
    return path


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Text that has the name of a video."""
    path = tmp_path / "notes.mp4"
    path.write_text("Just some words.\n" * 20)
    return path
