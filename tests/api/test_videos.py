"""Cancel, retry and delete over HTTP; no worker runs."""

from __future__ import annotations

import pytest

from reelworks.model import ProcessType
from tests.api.conftest import OpenedApi
from tests.clips import plain

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


def uploaded(api: OpenedApi) -> str:
    """A video that was just accepted."""
    response = api.upload(files=[("file", ("clip.mp4", plain().read_bytes(), "video/mp4"))])
    assert response.status_code == 200, response.text
    file_id: str = response.json()["file_id"]
    return file_id


def test_cancel_answers_with_both_processes_as_the_status_paths_have_them(api: OpenedApi) -> None:
    file_id = uploaded(api)
    response = api.post(f"/videos/{file_id}/cancel")
    assert response.status_code == 200
    body = response.json()
    assert body == {
        "file_id": file_id,
        "video_enhancement": api.get(f"/internal/video-enhancement-status/{file_id}").json(),
        "metadata_extraction": api.get(f"/internal/metadata-extraction-status/{file_id}").json(),
    }
    for name in ProcessType:
        assert (body[name]["status"], body[name]["error"]) == ("failed", "Cancelled")


def test_cancel_leaves_what_is_finished_and_to_do_it_twice_does_no_harm(api: OpenedApi) -> None:
    file_id = uploaded(api)
    api.base.records.complete(file_id, EXTRACTION)
    first = api.post(f"/videos/{file_id}/cancel")
    assert first.json()["metadata_extraction"]["status"] == "completed"
    assert first.json()["video_enhancement"]["error"] == "Cancelled"
    again = api.post(f"/videos/{file_id}/cancel")
    assert (again.status_code, again.json()) == (200, first.json())


def test_what_cannot_be_removed_now_keeps_nobody_from_cancelling(api: OpenedApi) -> None:
    file_id = uploaded(api)
    (api.data / results_of(file_id)[1] / "folder").mkdir(parents=True)
    body = api.post(f"/videos/{file_id}/cancel").json()
    assert {body[name]["error"] for name in ProcessType} == {"Cancelled"}


def test_an_unknown_file_cannot_be_cancelled(api: OpenedApi) -> None:
    response = api.post("/videos/nope/cancel")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "no file nope" in response.json()["detail"]


def test_retry_queues_what_failed_as_a_new_attempt_and_leaves_the_rest(api: OpenedApi) -> None:
    file_id = uploaded(api)
    records = api.base.records
    records.complete(file_id, EXTRACTION)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 40)
    records.fail(file_id, ENHANCEMENT, "It broke.")
    response = api.post(f"/videos/{file_id}/retry")
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["metadata_extraction"]["status"] == "completed"
    again = body["video_enhancement"]
    assert (again["status"], again["progress"], again["error"]) == ("pending", 0, None)
    process = records.process(file_id, ENHANCEMENT)
    assert (process.attempt, process.started_at) == (2, None)


def test_what_was_cancelled_can_be_tried_again(api: OpenedApi) -> None:
    file_id = uploaded(api)
    api.post(f"/videos/{file_id}/cancel")
    body = api.post(f"/videos/{file_id}/retry").json()
    assert {body[name]["status"] for name in ProcessType} == {"pending"}
    assert {api.base.records.process(file_id, name).attempt for name in ProcessType} == {2}


def test_a_retry_that_is_sent_again_as_its_answer_was_lost_begins_nothing_more(
    api: OpenedApi,
) -> None:
    file_id = uploaded(api)
    api.post(f"/videos/{file_id}/cancel")
    first = api.post(f"/videos/{file_id}/retry")
    again = api.post(f"/videos/{file_id}/retry")
    assert (again.status_code, again.json()) == (200, first.json())
    assert {api.base.records.process(file_id, name).attempt for name in ProcessType} == {2}
    for name in ProcessType:
        api.base.records.complete(file_id, name)
    assert api.post(f"/videos/{file_id}/retry").status_code == 409


def test_there_is_nothing_to_retry_where_nothing_failed(api: OpenedApi) -> None:
    file_id = uploaded(api)
    response = api.post(f"/videos/{file_id}/retry")
    assert response.status_code == 409
    assert "Nothing of file" in response.json()["detail"]
    assert api.base.records.process(file_id, ENHANCEMENT).attempt == 1


def test_without_its_upload_a_video_cannot_be_tried_again(api: OpenedApi) -> None:
    file_id = uploaded(api)
    api.post(f"/videos/{file_id}/cancel")
    api.base.storage.delete(f"uploads/{file_id}")
    response = api.post(f"/videos/{file_id}/retry")
    assert response.status_code == 409
    assert "upload it again" in response.json()["detail"]
    assert api.base.records.process(file_id, ENHANCEMENT).attempt == 1


def test_a_file_id_in_capitals_is_the_same_one(api: OpenedApi) -> None:
    file_id = uploaded(api)
    capitals = file_id.upper()
    for kind in ("video-enhancement", "metadata-extraction"):
        assert api.get(f"/internal/{kind}-status/{capitals}").json()["status"] == "pending"
    assert api.get(f"/videos/{capitals}").json()["file_id"] == file_id
    for key in results_of(file_id)[:2]:
        path = api.data / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("published")
        assert api.get(f"/{key.replace(file_id, capitals)}").text == "published"
    assert api.delete(f"/videos/{capitals}").status_code == 204
    assert api.get(f"/videos/{file_id}").status_code == 404


def test_an_unknown_file_can_be_neither_retried_nor_deleted(api: OpenedApi) -> None:
    for response in (api.post("/videos/nope/retry"), api.delete("/videos/nope")):
        assert response.status_code == 404
        assert "no file nope" in response.json()["detail"]


def test_delete_leaves_nothing_and_is_unknown_the_second_time(api: OpenedApi) -> None:
    before = api.files()
    file_id = uploaded(api)
    for key in results_of(file_id):
        path = api.data / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("published")
    api.base.records.keep_plan(file_id, '{"extension": "mp4"}')
    response = api.delete(f"/videos/{file_id}")
    assert (response.status_code, response.content) == (204, b"")
    assert api.files() == before
    assert api.get(f"/internal/video-enhancement-status/{file_id}").status_code == 404
    assert api.delete(f"/videos/{file_id}").status_code == 404


def test_files_that_cannot_be_removed_now_do_not_keep_a_video(
    api: OpenedApi, caplog: pytest.LogCaptureFixture
) -> None:
    file_id = uploaded(api)
    upload = api.data / "uploads" / file_id
    upload.unlink()
    upload.mkdir()  # which cannot be removed as a file
    assert api.delete(f"/videos/{file_id}").status_code == 204
    assert "could not be removed yet" in caplog.text
    assert not api.base.records.is_known(file_id)
    upload.rmdir()


def results_of(file_id: str) -> list[str]:
    """All files that a video may have beside its upload."""
    return [
        f"processed_videos/enhanced_{file_id}.mp4",
        f"processed_videos/metadata/{file_id}_metadata.json",
        f"processed_videos/previews/{file_id}_poster.jpg",
        f"processed_videos/previews/{file_id}_compare.jpg",
        f"chunks/{file_id}/1/0.mp4",
    ]


def test_an_upload_is_told_what_the_service_lacks_and_so_is_the_log(
    api: OpenedApi, caplog: pytest.LogCaptureFixture
) -> None:
    away = api.data / "away"
    (api.data / "uploads").rename(away)
    try:
        response = api.upload(files=[("file", ("clip.mp4", plain().read_bytes(), "video/mp4"))])
        ready = api.get("/healthz/ready")
    finally:
        away.rename(api.data / "uploads")
    said = f"The folder {api.data / 'uploads'} cannot be used: No such file or directory"
    for answer in (response, ready):
        assert answer.status_code == 500
        assert answer.json()["detail"].startswith(said)
    assert f"POST /upload failed: {said}" in caplog.text


def test_a_database_without_our_tables_is_not_ready(api: OpenedApi) -> None:
    with api.base.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE videos RENAME TO away")
    try:
        ready = api.get("/healthz/ready")
    finally:
        with api.base.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO videos")
    assert ready.status_code == 500
    assert api.get("/healthz/ready").status_code == 200
