"""Every line of the contract, held against a running service by a client that knows only it."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from reelworks.media.deciding.options import Options
from tests.service import PROCESSES, RunningService, messages_until_final
from tests.waiting import wait_for

_FILE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

METADATA_KEYS = {
    "file_id": str,
    "filename": str,
    "format": str,
    "resolution": dict,
    "fps": float,
    "frame_count": int,
    "duration_seconds": int,
    "file_size_bytes": int,
    "bit_rate": str,
    "color_profile": dict,
    "advanced": dict,
}
UPDATE_KEYS = {"type", "file_id", "process_type", "status", "progress", "error", "timestamp"}


def is_utc(text: str) -> bool:
    moment = datetime.fromisoformat(text)
    return moment.utcoffset() == timedelta(0)


# The socket


def test_the_whole_flow_as_a_client_sees_it(service: RunningService, noisy_clip: Path) -> None:
    with service.socket("flow") as socket:
        response = service.upload(noisy_clip, client_id="flow")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert set(response.json()) == {"file_id", "message"}
        assert response.json()["message"] == "Video uploaded successfully"
        file_id = response.json()["file_id"]
        assert str(uuid.UUID(file_id)) == file_id
        messages = messages_until_final(socket, file_id)

    first, *updates = messages
    assert set(first) == {"type", "file_id", "status", "message", "timestamp"}
    assert first["type"] == "upload_status"
    assert first["status"] == "uploaded"
    assert first["message"] == "Video uploaded successfully"
    for message in messages:
        assert is_utc(message["timestamp"])
    for process_type in ("video_enhancement", "metadata_extraction"):
        check_updates([m for m in updates if m["process_type"] == process_type])

    for process in PROCESSES:
        status = service.status(process, file_id)
        assert set(status) == {"status", "progress", "error", "last_updated"}
        assert (status["status"], status["progress"], status["error"]) == ("completed", 100, None)
        assert is_utc(status["last_updated"])
    assert (service.kept / f"processed_videos/metadata/{file_id}_metadata.json").is_file()
    assert (service.kept / f"processed_videos/enhanced_{file_id}.mp4").is_file()


def check_updates(updates: list[dict[str, Any]]) -> None:
    """One process's messages: right keys, right order, honest progress."""
    for update in updates:
        assert set(update) == UPDATE_KEYS
        assert update["type"] == "status_update"
        assert isinstance(update["progress"], int)
        assert update["error"] is None
        assert (update["progress"] == 100) == (update["status"] == "completed")
    statuses = [update["status"] for update in updates]
    assert statuses[0] == "pending"
    assert statuses[1:-1] == ["processing"] * (len(statuses) - 2)
    assert len(statuses) >= 3
    assert statuses[-1] == "completed"
    progress = [update["progress"] for update in updates]
    assert progress == sorted(progress)
    moments = [update["timestamp"] for update in updates]
    assert moments == sorted(moments)


def test_progress_is_told_while_work_is_done(service: RunningService, noisy_clip: Path) -> None:
    with service.socket("progress") as socket:
        file_id = service.accepted(noisy_clip, client_id="progress")
        messages = messages_until_final(socket, file_id)
    between = {m["progress"] for m in messages if m.get("status") == "processing"}
    assert between - {0}, "no progress was told between begin and end"


def test_many_sockets_may_share_a_client_id(service: RunningService, clean_clip: Path) -> None:
    with service.socket("shared") as one, service.socket("shared") as two:
        file_id = service.accepted(clean_clip, client_id="shared")
        first, second = messages_until_final(one, file_id), messages_until_final(two, file_id)
    assert first[0]["type"] == second[0]["type"] == "upload_status"


def test_a_client_id_may_hold_anything(service: RunningService, clean_clip: Path) -> None:
    with service.socket("team/7 ünï") as socket:
        file_id = service.accepted(clean_clip, client_id="team/7 ünï")
        assert messages_until_final(socket, file_id)


def test_other_clients_are_not_told(service: RunningService, clean_clip: Path) -> None:
    with service.socket("curious") as curious:
        service.finished(service.accepted(clean_clip, client_id="private"))
        mine = service.accepted(clean_clip, client_id="curious")
        assert json.loads(curious.recv(timeout=20))["file_id"] == mine


def test_who_reconnects_is_told_how_things_stand(service: RunningService, noisy_clip: Path) -> None:
    file_id = service.accepted(noisy_clip, client_id="late")
    with service.socket("late") as socket:
        messages = messages_until_final(socket, file_id)
    assert {m["type"] for m in messages} == {"status_update"}
    last = {m["process_type"]: m["status"] for m in messages}
    assert last == {"video_enhancement": "completed", "metadata_extraction": "completed"}


@pytest.mark.parametrize("sent", ["hello", '{"type": "unheard of"}', b"\x00\xff"])
def test_what_is_not_understood_is_answered(service: RunningService, sent: str | bytes) -> None:
    with service.socket("talker") as socket:
        socket.send(sent)
        answer = json.loads(socket.recv(timeout=10))
        assert set(answer) == {"type", "message"}
        assert answer["type"] == "error"
        assert "understands no messages" in answer["message"]


# The upload


@pytest.mark.parametrize(
    "content_type",
    [
        *(None, "application/octet-stream", "video/mp4", "video/x-made-up"),
        *("multipart/form-data", "*/*"),
    ],
)
def test_the_content_decides_where_the_type_does_not_rule_it_out(
    service: RunningService, clean_clip: Path, content_type: str | None
) -> None:
    response = service.upload(clean_clip, content_type=content_type)
    assert response.status_code == 200, response.text


def test_an_upload_without_a_client_works(service: RunningService, clean_clip: Path) -> None:
    enhancement, extraction = service.finished(service.accepted(clean_clip))
    assert enhancement["status"] == extraction["status"] == "completed"


@pytest.mark.parametrize("content_type", ["text/plain", "image/png", "audio/mpeg"])
def test_another_declared_type_is_refused_at_once(
    service: RunningService, clean_clip: Path, content_type: str
) -> None:
    assert_problem(
        service.upload(clean_clip, content_type=content_type), 400, f"sent as {content_type}"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.mp4", b"", "empty"),
        ("text.mp4", b"Just some words.\n" * 50, "text"),
        ("page.mp4", b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML"),
        ("list.mp4", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:1/a.ts\n", "playlist"),
        ("script.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n", "concat"),
        ("random.mp4", bytes(range(256)) * 40, "video"),
    ],
)
def test_what_is_no_video_is_refused_with_a_sentence_and_leaves_nothing(
    service: RunningService, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    before = service.files()
    assert_problem(service.upload(path), 400, said)
    assert left_behind(service, before) == set()


def left_behind(service: RunningService, before: set[str]) -> set[str]:
    """Files that are new, but for those of videos that were there already and are worked on: their
    results, and what a worker has in hand, which no upload reaches before it is accepted."""
    known = set(_FILE_ID.findall(" ".join(before)))
    new = {file for file in service.files() - before if not file.startswith("scratch/")}
    return {file for file in new if not known & set(_FILE_ID.findall(file))}


def test_malformed_requests_are_400(service: RunningService, clean_clip: Path) -> None:
    url = f"{service.url}/upload"
    assert_problem(httpx.post(url), 400, "multipart/form-data")
    assert_problem(httpx.post(url, json={"file": "x"}), 400, "multipart/form-data")
    assert_problem(httpx.post(url, files={"other": b"x"}), 400, "'file' is missing")
    assert_problem(httpx.post(url, files=[("file", b"x"), ("file", b"y")]), 400, "more than one")
    twice = [("client_id", (None, "a")), ("client_id", (None, "b"))]
    assert_problem(httpx.post(url, files=twice), 400, "more than one field 'client_id'")
    long = {"client_id": "x" * 300}
    assert_problem(httpx.post(url, files={"file": b"x"}, data=long), 400, "longer than 256")


def test_wishes_decide_what_is_done(service: RunningService, noisy_clip: Path) -> None:
    kept = service.accepted(noisy_clip, preset="none")
    changed = service.accepted(noisy_clip, preset="vivid", options='{"denoise": 1.5, "levels": 0}')
    service.finished(kept)
    service.finished(changed)
    enhancement = service.metadata(kept)["advanced"]["enhancement"]
    assert (enhancement["preset"], enhancement["action"]) == ("none", "copy")
    assert service.enhanced(kept).read_bytes() == noisy_clip.read_bytes()
    enhancement = service.metadata(changed)["advanced"]["enhancement"]
    assert (enhancement["preset"], enhancement["action"]) == ("vivid", "encode")
    assert enhancement["options"] == Options.of("vivid", denoise=1.5, levels=0).model_dump()


def test_wishes_that_cannot_be_are_refused_with_a_sentence_and_leave_nothing(
    service: RunningService, clean_clip: Path
) -> None:
    before = service.files()
    for wishes, said in (
        ({"preset": "foo"}, "preset: there is no preset 'foo'; choose one of auto, vivid,"),
        ({"options": '{"denoise": "strong"}'}, 'give "auto" or a number from 0 to 2, not "strong"'),
        ({"options": '{"sharpness": 1}'}, "options: there is no option 'sharpness'; the options"),
        ({"options": "denoise=1"}, "options: not a JSON object"),
    ):
        assert_problem(service.upload(clean_clip, **wishes), 400, said)
    assert left_behind(service, before) == set()


def test_a_strange_name_is_kept_and_never_used_as_a_path(
    service: RunningService, clean_clip: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "wei rd – ünï ’;$(x) 日本.mp4"
    strange.write_bytes(clean_clip.read_bytes())
    file_id = service.accepted(strange)
    service.finished(file_id)
    assert service.metadata(file_id)["filename"] == strange.name


def test_a_path_as_name_stays_a_name(service: RunningService, clean_clip: Path) -> None:
    with clean_clip.open("rb") as file:
        part = ("../../../../escape.mp4", file, "video/mp4")
        response = httpx.post(f"{service.url}/upload", files={"file": part}, timeout=60)
    file_id = response.json()["file_id"]
    service.finished(file_id)
    assert not list(service.data.parent.rglob("escape*"))
    assert file_id in service.metadata(file_id)["file_id"]


# Statuses and results


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize(
    "file_id", ["nope", "9e1f6c1e-0000-4000-8000-3a5d2c6b7f10", "..%2f..%2fetc"]
)
def test_an_unknown_file_is_404(service: RunningService, process: str, file_id: str) -> None:
    response = httpx.get(f"{service.url}/internal/{process}-status/{file_id}")
    assert_problem(response, 404)


def test_the_metadata_has_exactly_the_contracts_keys_and_types(
    service: RunningService, noisy_clip: Path
) -> None:
    file_id = service.accepted(noisy_clip)
    service.finished(file_id)
    document = service.metadata(file_id)
    assert {key: type(value) for key, value in document.items()} == METADATA_KEYS
    assert document["file_id"] == file_id
    assert document["filename"] == "noisy.mp4"
    assert document["format"] == "mp4"
    assert document["resolution"] == {"width": 640, "height": 360}
    assert document["fps"] == 25.0
    assert document["frame_count"] == 75
    assert document["duration_seconds"] == 3
    assert document["file_size_bytes"] == noisy_clip.stat().st_size
    assert document["bit_rate"].isdigit()
    profile = document["color_profile"]
    assert set(profile) == {"histograms", "average_color"}
    for channel in ("b", "g", "r"):
        histogram = profile["histograms"][channel]
        assert len(histogram) == 256
        assert all(isinstance(share, float) for share in histogram)
        assert sum(histogram) == pytest.approx(1.0)
        assert isinstance(profile["average_color"][channel], int)
    assert document["advanced"]["enhancement"]["filters"]


def test_results_come_with_range_etag_and_type(service: RunningService, noisy_clip: Path) -> None:
    file_id = service.accepted(noisy_clip)
    service.finished(file_id)
    url = f"{service.url}/processed_videos/enhanced_{file_id}.mp4"
    whole = httpx.get(url)
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.content == service.enhanced(file_id).read_bytes()
    part = httpx.get(url, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert_problem(httpx.get(url, headers={"range": "bytes=999999999-"}), 416)
    again = httpx.get(url, headers={"if-none-match": whole.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    weak = httpx.get(url, headers={"if-none-match": f'"x", W/{whole.headers["etag"]}'})
    assert weak.status_code == 304
    head = httpx.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize("clip", ["noisy_clip", "clean_clip"])
def test_previews_are_there_when_the_enhancement_is_completed(
    service: RunningService, request: pytest.FixtureRequest, clip: str
) -> None:
    file_id = service.accepted(request.getfixturevalue(clip))
    wait_for(
        lambda: service.status("video-enhancement", file_id)["status"] == "completed",
        "the enhancement's end",
        seconds=60,
    )
    width, height = {"noisy_clip": (640, 360), "clean_clip": (320, 240)}[clip]
    line = max(2, width // 256)
    for name, size in (("poster", (width, height)), ("compare", (2 * width + line, height))):
        url = f"{service.url}/processed_videos/previews/{file_id}_{name}.jpg"
        whole = httpx.get(url)
        assert (whole.status_code, whole.headers["content-type"]) == (200, "image/jpeg")
        with av.open(io.BytesIO(whole.content)) as container:
            still = next(container.decode(video=0))
        assert (still.width, still.height) == size
        part = httpx.get(url, headers={"range": "bytes=0-1"})
        assert (part.status_code, part.content) == (206, b"\xff\xd8")
        again = httpx.get(url, headers={"if-none-match": whole.headers["etag"]})
        assert again.status_code == 304


def test_the_metadata_ends_with_the_enhancements_report(
    service: RunningService, noisy_clip: Path
) -> None:
    file_id = service.accepted(noisy_clip)
    service.finished(file_id)
    report = service.metadata(file_id)["advanced"]["enhancement"]
    assert (report["action"], report["preset"], report["codec"]) == ("encode", "auto", "h264")
    assert all(applied["reason"] for applied in report["filters"])
    assert report["bytes_before"] == noisy_clip.stat().st_size
    assert report["bytes_after"] == service.enhanced(file_id).stat().st_size
    assert report["frames"] == 75
    fidelity = report["fidelity"]
    assert not fidelity["identical"]
    assert 15 < fidelity["psnr_y"] < 60
    assert 0.1 < fidelity["ssim_y"] < 1
    assert fidelity["frames"] > 0
    for path in report["previews"].values():
        assert httpx.get(f"{service.url}/{path}").status_code == 200
    assert report["notes"] == []


def test_the_report_of_a_copy_says_that_nothing_changed(
    service: RunningService, clean_clip: Path
) -> None:
    file_id = service.accepted(clean_clip)
    service.finished(file_id)
    report = service.metadata(file_id)["advanced"]["enhancement"]
    assert report["action"] == "copy"
    assert report["bytes_after"] == report["bytes_before"] == clean_clip.stat().st_size
    assert report["fidelity"] == {"identical": True, "psnr_y": None, "ssim_y": 1.0, "frames": 0}


@pytest.mark.parametrize(
    "path",
    [
        "enhanced_x.mp4",
        "previews/x_poster.jpg",
        "previews/..%2f..%2fx",
        "metadata/x_metadata.json",
        "..%2freelworks.db",
        "metadata/..%2f..%2fx",
        "%00",
    ],
)
def test_what_is_no_result_is_404(service: RunningService, path: str) -> None:
    assert_problem(httpx.get(f"{service.url}/processed_videos/{path}"), 404)


# The rest


def test_health(service: RunningService) -> None:
    for path in ("live", "ready"):
        response = httpx.get(f"{service.url}/healthz/{path}")
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_the_page_needs_nothing_from_elsewhere(service: RunningService) -> None:
    page = httpx.get(f"{service.url}/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "http://" not in page.text
    assert "https://" not in page.text


def test_unknown_paths_and_methods_are_problems_too(service: RunningService) -> None:
    assert_problem(httpx.get(f"{service.url}/nowhere"), 404)
    assert_problem(httpx.get(f"{service.url}/upload"), 405)


def test_openapi_describes_every_route_with_its_errors(service: RunningService) -> None:
    paths = httpx.get(f"{service.url}/openapi.json").json()["paths"]
    assert set(paths) >= {
        "/upload",
        "/internal/video-enhancement-status/{file_id}",
        "/internal/metadata-extraction-status/{file_id}",
        "/processed_videos/{name}",
        "/processed_videos/metadata/{name}",
        "/processed_videos/previews/{name}",
        "/healthz/live",
        "/healthz/ready",
    }
    assert {"200", "400", "413", "500", "507"} <= set(paths["/upload"]["post"]["responses"])
    for path in paths:
        for operation in paths[path].values():
            assert operation["summary"]
            assert "422" not in operation["responses"]


def assert_problem(response: httpx.Response, status: int, said: str = "") -> None:
    """RFC 9457, with a sentence for a person."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    assert said in problem["detail"]
