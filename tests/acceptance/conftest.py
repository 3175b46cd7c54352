"""One running service for all acceptance tests that do not break it, and clips to upload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.installations import on_many_machines
from tests.service import RunningService

KINDS = ["sqlite-disk", "postgresql-s3"]
"""What one machine needs, and what many need."""


@pytest.fixture(scope="session", params=KINDS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A service that every test may use and none may break, of each kind in turn."""
    service = service_of(request, tmp_path_factory.mktemp("service"))
    yield service
    service.stop()


def service_of(request: pytest.FixtureRequest, folder: Path, *flags: str) -> RunningService:
    """A service of one of ``KINDS``."""
    if request.param == "sqlite-disk":
        return RunningService(folder, *flags)
    return large_service(request, folder, *flags)


def large_service(request: pytest.FixtureRequest, folder: Path, *flags: str) -> RunningService:
    """A service as on many machines, on this one: PostgreSQL and an object store."""
    postgres, s3 = (request.getfixturevalue(name) for name in ("postgres", "s3"))
    return on_many_machines(folder, postgres, s3, *flags)


@pytest.fixture(scope="session")
def noisy_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds that need denoising, with sound: they are encoded."""
    return make_clip(
        tmp_path_factory.mktemp("clips") / "noisy.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=3"),
        *("-f", "lavfi", "-i", "sine=frequency=440:duration=3"),
        *("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "12"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac"),
    )


@pytest.fixture(scope="session")
def clean_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second that needs nothing: it is copied."""
    return make_clip(
        tmp_path_factory.mktemp("clips") / "clean.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1"),
        *("-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p"),
    )
