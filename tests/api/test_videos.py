"""Cancel, retry and delete over HTTP; no worker runs."""

from __future__ import annotations

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


def test_an_unknown_file_cannot_be_cancelled(api: OpenedApi) -> None:
    response = api.post("/videos/nope/cancel")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert "no file nope" in response.json()["detail"]
