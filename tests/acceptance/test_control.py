"""Cancel, retry and delete, of work that is under way: by HTTP, on a service that really works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.observer import decoded_frames
from tests.clips import clip, lavfi
from tests.family import at_work
from tests.service import RunningService, messages_until_final
from tests.waiting import wait_for


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    service = RunningService(tmp_path_factory.mktemp("control"), "--slots", "2")
    yield service
    service.stop()


def noisy(seconds: int) -> Path:
    """Under way for several seconds; cut into chunks where it is long."""
    return clip(
        ".mp4",
        *lavfi(f"testsrc2=size=480x270:rate=10:duration={seconds}"),
        *("-vf", "noise=alls=24:allf=t,format=yuv420p"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-g", "25"),
    )


def post(service: RunningService, file_id: str, verb: str) -> httpx.Response:
    return httpx.post(f"{service.url}/videos/{file_id}/{verb}", timeout=20)


def delete(service: RunningService, file_id: str) -> httpx.Response:
    return httpx.delete(f"{service.url}/videos/{file_id}", timeout=20)


def under_way(service: RunningService, file_id: str) -> None:
    wait_for(
        lambda: service.status("video-enhancement", file_id)["progress"] > 0,
        "the enhancement to be under way",
        seconds=60,
    )


def of_video(service: RunningService, file_id: str) -> set[str]:
    """What is left of a video's enhancement, and unfinished files of anybody."""
    kept = {f"uploads/{file_id}", f"processed_videos/metadata/{file_id}_metadata.json"}
    found = {path for path in service.files() if file_id in path or path.startswith("scratch/")}
    return found - kept


@pytest.mark.parametrize("seconds", [20, 50])
def test_what_is_cancelled_ends_at_once_leaves_nothing_and_can_be_tried_again(
    service: RunningService, seconds: int
) -> None:
    file_id = service.accepted(noisy(seconds))
    under_way(service, file_id)
    assert post(service, file_id, "cancel").status_code == 200
    wait_for(lambda: not at_work(service.process.pid), "the encoder's end", seconds=10)
    wait_for(lambda: not of_video(service, file_id), "its files to be gone", seconds=10)
    status = service.status("video-enhancement", file_id)
    assert (status["status"], status["error"]) == ("failed", "Cancelled")
    again = post(service, file_id, "retry")
    assert again.status_code == 200
    assert again.json()["video_enhancement"]["status"] in ("pending", "processing")
    for status in service.finished(file_id):
        assert status["status"] == "completed", status
    assert decoded_frames(service.enhanced(file_id)) == seconds * 10
    assert post(service, file_id, "retry").status_code == 409


@pytest.mark.parametrize("seconds", [20, 50])
def test_what_is_deleted_ends_at_once_and_leaves_nothing(
    service: RunningService, seconds: int
) -> None:
    before = service.files()
    with service.socket("deleter") as socket:
        file_id = service.accepted(noisy(seconds), client_id="deleter")
        under_way(service, file_id)
        assert delete(service, file_id).status_code == 204
        wait_for(lambda: not at_work(service.process.pid), "the encoder's end", seconds=10)
        wait_for(lambda: service.files() == before, "its files to be gone", seconds=10)
        told = messages_until_final(socket, file_id)
    last = [each for each in told if each.get("process_type") == "video_enhancement"][-1]
    assert (last["status"], last["error"]) == ("failed", "Deleted"), json.dumps(told)
    assert delete(service, file_id).status_code == 404
    answer = httpx.get(f"{service.url}/internal/video-enhancement-status/{file_id}")
    assert answer.status_code == 404
    said = f"[video_enhancement {file_id} attempt 1] stopped: nobody waits for it"
    wait_for(lambda: said in service.log.read_text(), "the log to say so, and of which work")


def test_a_finished_video_is_deleted_with_all_its_results(service: RunningService) -> None:
    before = service.files()
    file_id = service.accepted(noisy(2))
    assert {each["status"] for each in service.finished(file_id)} == {"completed"}
    assert delete(service, file_id).status_code == 204
    assert service.files() == before
