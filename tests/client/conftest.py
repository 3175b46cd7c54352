"""A running service that every test of the client may use, and clients of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelworks.client import Client
from tests.clips import clip, lavfi
from tests.service import RunningService


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that every test may use and none may break."""
    service = RunningService(tmp_path_factory.mktemp("client-service"))
    yield service
    service.stop()


@pytest.fixture
def client(service: RunningService) -> Iterator[Client]:
    """A client of its own."""
    with Client(service.url) as client:
        yield client


@pytest.fixture(scope="session")
def film() -> Path:
    """Some seconds of work: noise to be taken out, over many pictures."""
    noisy = ("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast")
    return clip(".mp4", *lavfi("testsrc2=size=640x360:rate=25:duration=6"), *noisy, "-crf", "16")


@pytest.fixture(scope="session")
def large() -> Path:
    """A few dozen megabytes to be sent and fetched: pictures stored raw."""
    pictures = lavfi("testsrc2=size=1280x720:rate=25:duration=1")
    return clip(".avi", *pictures, "-c:v", "rawvideo", "-pix_fmt", "yuv420p")


def unheard_of() -> str:
    """The id of a file that is not there."""
    # The same in every process that collects the tests.
    return str(uuid.UUID(int=0x5EED))
