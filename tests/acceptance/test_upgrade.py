"""The files of the release that runs are replaced under it."""

from __future__ import annotations

import shutil
from pathlib import Path

import reelworks
from tests.service import RunningService


def test_a_service_goes_on_as_the_release_that_it_was_started_as(
    tmp_path: Path, noisy_clip: Path
) -> None:
    release = tmp_path / "release"
    shutil.copytree(Path(reelworks.__file__).parent, release / "reelworks")
    service = RunningService(tmp_path, environment={"PYTHONPATH": str(release)})
    try:
        _completed(service, noisy_clip)  # the first has loaded what is only loaded for a video
        for module in release.rglob("*.py"):
            module.write_text("raise ImportError('not of this release')")
        _completed(service, noisy_clip)
    finally:
        service.stop()


def _completed(service: RunningService, clip: Path) -> None:
    for status in service.finished(service.accepted(clip)):
        assert status["status"] == "completed", status
