"""What a crash must never do: lose a video, publish half a file, or tell of a step back."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.acceptance.conftest import KINDS, service_of
from tests.acceptance.observer import ProgressObserver, decoded_frames
from tests.clips import make_clip
from tests.family import at_work, ffmpegs, fork_servers, is_alive
from tests.service import RunningService
from tests.waiting import wait_for

FRAMES = 75


@pytest.fixture(scope="module", params=KINDS)
def broken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """A service to be broken by one test after the other."""
    service = service_of(request, tmp_path_factory.mktemp("broken"))
    yield service
    service.stop()


@pytest.fixture
def service(broken: RunningService) -> RunningService:
    """The service, running, with nothing left to do."""
    if broken.process.poll() is not None:
        broken.start()
    return broken


@pytest.fixture(scope="session")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noisy and large enough to be under way for several seconds."""
    return make_clip(
        tmp_path_factory.mktemp("clips") / "long.mp4",
        *("-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=6"),
        *("-vf", "noise=alls=24:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"),
        *("-pix_fmt", "yuv420p"),
    )


def family(service: RunningService) -> list[psutil.Process]:
    return psutil.Process(service.process.pid).children(recursive=True)


def test_everything_killed_at_random_moments_loses_nothing(
    service: RunningService, noisy_clip: Path, pytestconfig: pytest.Config
) -> None:
    kills, videos = pytestconfig.getoption("kills"), pytestconfig.getoption("videos")
    chance = random.Random(kills)
    whole: dict[Path, int] = {}
    with ProgressObserver(service, "observer") as observer:
        accepted = [service.accepted(noisy_clip, client_id="observer") for _ in range(videos)]
        for _ in range(kills):
            threading.Event().wait(chance.uniform(0.2, 4.0))  # the random moment itself
            service.kill()
            check_published(service, whole)
            service.start()
        for file_id in accepted:
            for status in service.finished(file_id, seconds=300):
                assert status["status"] == "completed", status
                assert status["progress"] == 100
    assert observer.steps_back == []
    assert observer.seen >= 2 * videos
    for file_id in accepted:
        assert decoded_frames(service.enhanced(file_id)) == FRAMES
        assert service.metadata(file_id)["frame_count"] == FRAMES
    wait_for(lambda: is_tidy(service), "no file but uploads and results to be left")


def test_what_a_killed_worker_had_begun_is_cleared_away_at_the_next_start(
    service: RunningService, long_clip: Path
) -> None:
    file_id = service.accepted(long_clip)
    begun = wait_for(lambda: unfinished(service), "an unfinished result")
    service.kill()
    assert begun <= unfinished(service)
    service.start()
    assert not begun & unfinished(service)
    for status in service.finished(file_id):
        assert status["status"] == "completed", status


def unfinished(service: RunningService) -> set[str]:
    return {path for path in service.files() if path.startswith("scratch/")}


def is_tidy(service: RunningService) -> bool:
    # A mark in a bucket may stay for a day: what died there might live elsewhere.
    kept = ("uploads/", "processed_videos/", "arriving/")
    return all(path.startswith(kept) for path in service.files())


def check_published(service: RunningService, whole: dict[Path, int]) -> None:
    """Every file under a final name is whole, also right after a crash."""
    for path in (service.kept / "processed_videos").glob("enhanced_*"):
        stamp = path.stat().st_mtime_ns
        if whole.get(path) != stamp:
            assert decoded_frames(path) == FRAMES
            whole[path] = stamp


def test_the_worker_alone_killed_is_started_again_and_goes_on(
    service: RunningService, long_clip: Path
) -> None:
    file_id = service.accepted(long_clip)
    under_way(service, file_id)
    (worker,) = service.worker_pids()
    os.kill(worker, signal.SIGKILL)
    before = service.status("video-enhancement", file_id)["progress"]
    again = wait_for(
        lambda: [pid for pid in service.worker_pids() if pid != worker],
        "another worker",
        seconds=15,
    )
    assert service.is_ready()
    wait_for(
        lambda: service.status("video-enhancement", file_id)["progress"] > before,
        "progress beyond where it was",
        seconds=60,
    )
    assert again
    assert all(status["status"] == "completed" for status in service.finished(file_id))


def test_sigterm_leaves_at_once_and_the_work_is_resumed(
    service: RunningService, long_clip: Path
) -> None:
    file_id = service.accepted(long_clip)
    under_way(service, file_id)
    descendants = family(service)
    assert ffmpegs(service.process.pid)
    service.stop()  # fails where it takes longer than 10 s
    assert service.process.returncode == 0
    assert not any(is_alive(process) for process in descendants)
    assert f"processed_videos/enhanced_{file_id}.mp4" not in service.files()
    service.start()
    assert service.status("video-enhancement", file_id)["status"] == "processing"
    assert all(status["status"] == "completed" for status in service.finished(file_id))


def test_the_api_killed_takes_its_worker_and_children_along(
    service: RunningService, long_clip: Path
) -> None:
    file_id = service.accepted(long_clip)
    under_way(service, file_id)
    descendants = family(service)
    service.process.kill()
    service.process.wait()
    wait_for(lambda: not any(is_alive(process) for process in descendants), "the children's end")
    service.start()
    assert all(status["status"] == "completed" for status in service.finished(file_id))


def test_killed_ffmpeg_is_tried_again(service: RunningService, long_clip: Path) -> None:
    file_id = service.accepted(long_clip)
    under_way(service, file_id)
    for process in ffmpegs(service.process.pid):
        process.kill()
    assert all(status["status"] == "completed" for status in service.finished(file_id))


def test_a_fork_server_that_is_killed_again_and_again_costs_no_try(
    tmp_path: Path, noisy_clip: Path
) -> None:
    service = RunningService(tmp_path)
    file_id = service.accepted(noisy_clip)
    (worker,) = service.worker_pids()
    for _ in range(4):  # a step is tried three times
        wait_for(lambda: at_work(worker), "a child at work")
        for server in fork_servers(worker):
            server.kill()
    assert all(status["status"] == "completed" for status in service.finished(file_id))
    service.stop()


def test_a_client_that_goes_away_leaves_nothing(service: RunningService) -> None:
    before = service.files()
    with half_an_upload(service):
        wait_for(lambda: service.files() > before, "the upload to arrive")
    wait_for(lambda: service.files() == before, "the upload to be forgotten")


def test_an_upload_is_given_up_where_the_service_is_told_to_leave(service: RunningService) -> None:
    before = service.files()
    with half_an_upload(service, 20_000_000):  # so much of it is sent on to a bucket already
        wait_for(lambda: service.files() > before, "the upload to arrive")
        service.stop()
    assert service.files() <= before


def test_an_upload_cut_off_by_a_crash_is_swept_away(service: RunningService) -> None:
    before = service.files()
    with half_an_upload(service):
        wait_for(lambda: service.files() > before, "the upload to arrive")
        service.kill()
    assert service.files() > before
    service.start()
    # Less than before, where an earlier start found the scratch of a worker whose lease still held.
    wait_for(lambda: service.files() <= before, "the upload to be swept away")


@contextmanager
def half_an_upload(service: RunningService, size: int = 5_000_000) -> Iterator[None]:
    """A connection on which so many bytes of an upload of 50 MB have been sent."""
    host, _, port = service.url.removeprefix("http://").partition(":")
    head = (
        b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        b"Content-Length: 50000000\r\n\r\n--b\r\n"
        b'Content-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
    )
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head + b"x" * size)
        yield


def under_way(service: RunningService, file_id: str) -> None:
    wait_for(
        lambda: 0 < service.status("video-enhancement", file_id)["progress"] < 80,
        "the enhancement to be under way",
        seconds=60,
    )
