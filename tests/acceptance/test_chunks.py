"""A long video is cut, encoded in chunks by whoever has a free slot, and joined without a trace."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import KINDS, service_of
from tests.acceptance.observer import decoded_frames
from tests.clips import clip, lavfi, make_clip
from tests.service import RunningService
from tests.waiting import wait_for

SECONDS, RATE = 75, 10
FRONT = ("-movflags", "+faststart")


@pytest.fixture(scope="module", params=KINDS)
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    service = service_of(request, tmp_path_factory.mktemp("chunks"), "--slots", "2")
    yield service
    service.stop()


@pytest.fixture(scope="module")
def film() -> Path:
    """Noisy, and long enough to be cut."""
    pictures = f"testsrc2=size=320x240:rate={RATE}:duration={SECONDS}"
    return clip(
        ".mp4",
        *lavfi(pictures),
        *("-vf", "noise=alls=24:allf=t,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "25"),
    )


def chunk_paths(service: RunningService) -> list[Path]:
    """Whole chunks; a server may have half ones beside them, under names of its own."""
    return list((service.kept / "chunks").rglob("[0-9]*.mp4"))


def chunk_files(service: RunningService) -> set[str]:
    return {path.name for path in chunk_paths(service)}


def three_chunks(service: RunningService) -> set[str]:
    """The chunks, once there are three of them."""
    found = chunk_files(service)
    return found if len(found) >= 3 else set()


def test_a_long_video_is_cut_and_joined(service: RunningService, film: Path) -> None:
    file_id = service.accepted(film)
    wait_for(lambda: chunk_files(service), "a chunk", seconds=180)
    enhancement, _ = service.finished(file_id)
    assert enhancement["status"] == "completed", enhancement
    assert decoded_frames(service.enhanced(file_id)) == SECONDS * RATE
    assert chunk_files(service) == set()


def test_a_film_that_is_cut_off_is_encoded_whole(
    service: RunningService, film: Path, tmp_path: Path
) -> None:
    whole = make_clip(tmp_path / "whole.mp4", "-i", str(film), "-c", "copy", *FRONT)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 9 // 10])
    file_id = service.accepted(broken)
    enhancement, _ = service.finished(file_id)
    assert enhancement["status"] == "completed", enhancement
    assert SECONDS * RATE * 8 // 10 < decoded_frames(service.enhanced(file_id)) < SECONDS * RATE
    assert not [*(service.kept / "chunks").rglob("*.*")]


@pytest.mark.parametrize("told_by", [signal.SIGKILL, signal.SIGTERM])
def test_a_lost_worker_costs_no_chunk_that_was_done(
    service: RunningService, film: Path, told_by: signal.Signals
) -> None:
    file_id = service.accepted(film)
    done = wait_for(lambda: three_chunks(service), "three chunks", seconds=180)
    # There are two slots, and a third chunk: so the end of the first was written down.
    oldest = min(chunk_paths(service), key=lambda path: path.stat().st_mtime_ns)
    written = oldest.stat().st_mtime_ns
    (worker,) = service.worker_pids()
    os.kill(worker, told_by)
    before = service.status("video-enhancement", file_id)["progress"]
    again = wait_for(lambda: chunk_files(service) - done, "the next chunk", seconds=180)
    assert again
    assert not oldest.exists() or oldest.stat().st_mtime_ns == written
    assert service.status("video-enhancement", file_id)["progress"] >= before
    enhancement, _ = service.finished(file_id)
    assert enhancement["status"] == "completed", enhancement
    assert decoded_frames(service.enhanced(file_id)) == SECONDS * RATE
    assert chunk_files(service) == set()
