"""One running service for all acceptance tests that do not break it, and clips to upload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clips import make_clip
from tests.service import RunningService


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that every test may use and none may break."""
    service = RunningService(tmp_path_factory.mktemp("service"))
    yield service
    service.stop()


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
