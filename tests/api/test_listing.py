"""Videos and pages of them over HTTP; no worker runs."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from reelworks.api.parameters import read_cursor, write_cursor
from reelworks.engine.catalogue import Place
from reelworks.errors import BadRequest
from reelworks.media.deciding.options import Options
from reelworks.media.report import Previews, Rendered, report
from reelworks.model import ProcessType, Work
from tests.api.conftest import OpenedApi
from tests.clips import plain
from tests.media.plans import forced, picture, probe_of
from tests.videos import add_video

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


def video(api: OpenedApi, file_id: str) -> dict[str, Any]:
    response = api.get(f"/videos/{file_id}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def uploaded(api: OpenedApi, client_id: str) -> str:
    response = api.upload(
        files=[("file", ("Ferien am Meer.mp4", plain().read_bytes(), "video/mp4"))],
        data={"client_id": client_id, "preset": "vivid"},
    )
    assert response.status_code == 200, response.text
    file_id: str = response.json()["file_id"]
    return file_id


def test_a_new_video_is_all_that_is_known_of_it(api: OpenedApi) -> None:
    file_id = uploaded(api, "new")
    body = video(api, file_id)
    assert body["filename"] == "Ferien am Meer.mp4"
    assert (body["client_id"], body["preset"]) == ("new", "vivid")
    assert body["size_bytes"] == plain().stat().st_size
    assert len(body["sha256"]) == 64
    assert body["options"]["saturation"] > 1
    assert body["plan"] is None
    for name in ("video-enhancement", "metadata-extraction"):
        process = body[name.replace("-", "_")]
        status = api.get(f"/internal/{name}-status/{file_id}").json()
        assert process.items() >= status.items()
        assert process["created_at"] == body["created_at"]
        assert (process["started_at"], process["attempt"]) == (None, 1)
        assert process["eta_seconds"] is None
    positions = [body[kind]["queue_position"] for kind in ProcessType]
    assert max(positions) - min(positions) >= 1
    assert body["links"] == {
        "self": f"/videos/{file_id}",
        "original": f"/videos/{file_id}/original",
        "enhanced": None,
        "metadata": None,
        "poster": None,
        "compare": None,
        "cancel": f"/videos/{file_id}/cancel",
        "retry": None,
    }


def test_the_container_is_kept_with_the_video(api: OpenedApi) -> None:
    assert api.base.records.video(uploaded(api, "container")).container == "mp4"


def test_the_plan_is_shown_as_soon_as_there_is_one_and_the_report_when_it_is_done(
    api: OpenedApi,
) -> None:
    source = probe_of(picture(codec="mpeg4"))
    plan = forced(source, "a.mp4")
    file_id = add_video(api.base.records)
    api.base.records.keep_plan(file_id, plan.to_json())
    planned = video(api, file_id)["plan"]
    assert [applied["name"] for applied in planned["filters"]] == [f.name for f in plan.filters]
    assert all(applied["reason"] for applied in planned["filters"])
    assert (planned["action"], planned["bytes_before"], planned["bytes_after"]) == (
        "encode",
        1000,
        None,
    )
    finished = report(
        plan,
        source,
        preset="auto",
        options=Options.of(),
        rendered=Rendered(size_bytes=700, frames=25, exact=True),
        previews=Previews(poster="processed_videos/previews/x_poster.jpg"),
    )
    work = Work(file_id, ProcessType.VIDEO_ENHANCEMENT, 1)
    with api.base.records.describing(work, json.dumps(finished)):
        pass
    assert video(api, file_id)["plan"] == finished
    assert set(planned) == set(finished)


def test_links_appear_with_what_they_lead_to(api: OpenedApi) -> None:
    records = api.base.records
    file_id = add_video(records)
    previews = {"previews": {"poster": "p", "compare": None}}
    plan = report(forced(probe_of(picture()), "a.mp4"), None, preset="auto", options=Options.of())
    work = Work(file_id, ProcessType.VIDEO_ENHANCEMENT, 1)
    with records.describing(work, json.dumps(plan | previews)):
        pass
    assert video(api, file_id)["links"]["poster"] is None
    for kind in ProcessType:
        records.begin(file_id, kind)
        records.complete(file_id, kind)
    links = video(api, file_id)["links"]
    base = f"/videos/{file_id}"
    assert links["enhanced"] == f"{base}/enhanced"
    assert links["metadata"] == f"{base}/metadata"
    assert (links["poster"], links["compare"]) == (f"{base}/poster", None)
    assert (links["cancel"], links["retry"]) == (None, None)


def test_what_failed_can_be_tried_again(api: OpenedApi) -> None:
    file_id = add_video(api.base.records)
    api.base.records.fail(file_id, EXTRACTION, "It broke.")
    links = video(api, file_id)["links"]
    assert links["retry"] == f"/videos/{file_id}/retry"
    assert links["cancel"] == f"/videos/{file_id}/cancel"


def test_a_process_that_gets_on_says_when_it_will_be_done(api: OpenedApi) -> None:
    records = api.base.records
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 1)
    with records.writing() as connection:
        connection.exec_driver_sql("UPDATE processes SET moved_at = moved_at - 10000")
    records.advance(file_id, ENHANCEMENT, 2)
    process = video(api, file_id)["video_enhancement"]
    assert process["queue_position"] is None
    assert process["started_at"] is not None
    # A percent took ten seconds; a loaded machine adds some.
    assert 900 < process["eta_seconds"] < 1500


def test_pages_go_through_all_of_a_client(api: OpenedApi) -> None:
    client = str(uuid.uuid4())
    mine = {add_video(api.base.records, client_id=client) for _ in range(5)}
    seen: list[str] = []
    path = f"/videos?client_id={client}&limit=2"
    cursor: str | None = None
    while True:
        page = api.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [each["file_id"] for each in page["videos"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert set(seen) == mine
    assert api.get(f"/videos?client_id={client}").json()["next"] is None


def test_a_listed_video_is_the_same_as_by_itself(api: OpenedApi) -> None:
    client = str(uuid.uuid4())
    file_id = uploaded(api, client)
    (listed,) = api.get(f"/videos?client_id={client}").json()["videos"]
    assert listed == video(api, file_id)


def test_a_client_without_videos_has_an_empty_list(api: OpenedApi) -> None:
    assert api.get("/videos?client_id=nobody").json() == {"videos": [], "next": None}


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("", "The parameter client_id is missing."),
        ("?client_id=", "client_id"),
        ("?client_id=a%00b", "client_id"),
        (f"?client_id={'x' * 257}", "client_id"),
        ("?client_id=me&limit=0", "limit"),
        ("?client_id=me&limit=101", "limit is wrong: 101 is too much; it may be 100 at most."),
        ("?client_id=me&limit=x", "limit is wrong: 'x' is no whole number; write digits alone."),
        ("?client_id=me&limit=1.5", "limit is wrong: '1.5' is no whole number;"),
        ("?client_id=me&limit=" + "9" * 5000, "limit is wrong: '9999"),
        ("?client_id=me&cursor=nonsense", "cursor"),
        ("?client_id=me&cursor=%C3%A4", "cursor"),
        ("?client_id=me&cursor=" + "A" * 201, "cursor is wrong: it is longer than 200 char"),
        ("?client_id=me&cursor=", "cursor"),
    ],
)
def test_what_cannot_be_listed_is_refused(api: OpenedApi, query: str, word: str) -> None:
    response = api.get(f"/videos{query}")
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert word in response.json()["detail"]


@pytest.mark.parametrize("file_id", ["nope", "%00", "A" * 36, str(uuid.UUID(int=0)), "..%2f.."])
def test_an_unknown_video_is_not_found(api: OpenedApi, file_id: str) -> None:
    for path in (f"/videos/{file_id}", f"/internal/video-enhancement-status/{file_id}"):
        response = api.get(path)
        assert response.status_code == 404, path
        assert response.headers["content-type"] == "application/problem+json"


def test_a_cursor_is_read_as_it_was_written() -> None:
    place = Place(1763842480000, str(uuid.uuid4()))
    assert read_cursor(write_cursor(place)) == place
    with pytest.raises(BadRequest, match="none that this service gave"):
        read_cursor(write_cursor(Place(1, "x")))
