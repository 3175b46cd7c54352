"""Attempts are counted by how they end, and frames by the stage that they went through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from reelworks.engine.records import Records
from reelworks.errors import ChildFailed, WorkStopped
from reelworks.jobs.reporting import Progress
from reelworks.model import ProcessType, Work
from reelworks.telemetry.instruments import MULTIPROCESS, registry, timed
from reelworks.telemetry.subject import about, at_stage
from tests.videos import add_video


def count(name: str, **labels: str) -> float:
    return registry().get_sample_value(name, labels) or 0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "completed"), (ChildFailed("It broke."), "failed"), (WorkStopped(), "stopped")],
)
def test_an_attempt_is_counted_by_how_it_ends(error: BaseException | None, outcome: str) -> None:
    stage = f"test {outcome}"
    if error is None:
        with timed(stage):
            pass
    else:
        with pytest.raises(type(error)), timed(stage):
            raise error
    assert count("reelworks_attempts_total", stage=stage, outcome=outcome) == 1
    assert count("reelworks_stage_seconds_count", stage=stage) == 1


def test_frames_are_counted_once_for_their_stage(records: Records) -> None:
    work = Work(add_video(records), ProcessType.VIDEO_ENHANCEMENT, 1)
    before = count("reelworks_frames_total", stage="render")
    with about(*work), at_stage("render", 1):
        progress = Progress(records, work, 100)
        for done in (10, 40, 30, 50):
            progress(done)
    assert count("reelworks_frames_total", stage="render") == before + 50


def test_processes_that_serve_one_port_are_added_up(tmp_path: Path) -> None:
    program = (
        "from reelworks.telemetry import instruments\n"
        "instruments.takeovers.inc()\n"
        "print(instruments.registry().get_sample_value('reelworks_takeovers_total'))\n"
    )
    assert [counting_in(tmp_path, program) for _ in range(2)] == ["1.0", "2.0"]


def test_the_folder_that_they_count_in_may_be_cleared_away_at_any_time(tmp_path: Path) -> None:
    program = (
        "import shutil\n"
        "from reelworks.telemetry import instruments\n"
        f"shutil.rmtree({str(tmp_path / 'counted')!r})\n"
        "print(instruments.registry().get_sample_value('reelworks_takeovers_total'))\n"
    )
    assert counting_in(tmp_path / "counted", program) == "None"


def counting_in(folder: Path, program: str) -> str:
    """What a program prints, as one of those that count in a folder."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env={MULTIPROCESS: str(folder), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
