"""What belongs to a video, over HTTP; the results are put in place by hand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from reelworks.model import ProcessType
from tests.api.conftest import OpenedApi
from tests.media.plans import forced, picture, probe_of
from tests.videos import new_video

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION
BYTES = bytes(range(256)) * 4


@dataclass(frozen=True)
class Kept:
    """A video in the records whose files a test puts in place."""

    api: OpenedApi
    file_id: str

    @classmethod
    def of(cls, api: OpenedApi, **values: object) -> Kept:
        video = replace(new_video(), **values)  # type: ignore[arg-type]
        with api.base.records.writing() as connection:
            api.base.records.add(connection, video)
        kept = cls(api, video.file_id)
        kept.put(video.source_key)
        return kept

    def put(self, key: str, data: bytes = BYTES) -> None:
        path = self.api.data / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def finish(self) -> None:
        """Both processes, with all that they publish."""
        plan = forced(probe_of(picture()), "holiday.mov")
        self.api.base.records.keep_plan(self.file_id, plan.to_json())
        folder = "processed_videos"
        self.put(f"{folder}/enhanced_{self.file_id}.{plan.extension}")
        self.put(f"{folder}/metadata/{self.file_id}_metadata.json", b'{"file_id": "x"}')
        for still in ("poster", "compare"):
            self.put(f"{folder}/previews/{self.file_id}_{still}.jpg")
        for kind in ProcessType:
            self.api.base.records.complete(self.file_id, kind)

    def ask(self, what: str, method: str = "GET", **headers: str) -> httpx.Response:
        path = f"/videos/{self.file_id}/{what}"
        return asyncio.run(self.api._request(method, path, headers=headers))


@pytest.fixture
def kept(api: OpenedApi) -> Kept:
    return Kept.of(api, filename="holiday.mov", container="mov")


ALL = ["metadata", "enhanced", "original", "poster", "compare"]


def test_everything_is_found_by_the_file_id(kept: Kept) -> None:
    kept.finish()
    shown = {
        what: (
            answer.status_code,
            answer.headers["content-type"],
            answer.headers["content-disposition"],
        )
        for what in ALL
        if (answer := kept.ask(what))
    }
    extension = "mp4" if "mp4" in shown["enhanced"][2] else "mov"
    kind = {"mp4": "video/mp4", "mov": "video/quicktime"}[extension]
    file_id = kept.file_id
    assert shown == {
        "metadata": (200, "application/json", f'inline; filename="{file_id}_metadata.json"'),
        "enhanced": (200, kind, f'inline; filename="holiday_enhanced.{extension}"'),
        "original": (200, "video/quicktime", 'inline; filename="holiday.mov"'),
        "poster": (200, "image/jpeg", f'inline; filename="{file_id}_poster.jpg"'),
        "compare": (200, "image/jpeg", f'inline; filename="{file_id}_compare.jpg"'),
    }
    assert kept.ask("enhanced").content == BYTES
    assert kept.ask("metadata").json() == {"file_id": "x"}


@pytest.mark.parametrize("what", ALL)
def test_a_download_is_an_attachment(kept: Kept, what: str) -> None:
    kept.finish()
    for query in ("download=1", "download"):
        disposition = kept.ask(f"{what}?{query}").headers["content-disposition"]
        assert disposition.startswith("attachment; filename=")
    assert kept.ask(f"{what}?download=0").headers["content-disposition"].startswith("inline; ")


@pytest.mark.parametrize("what", ALL)
def test_head_says_what_get_would_and_ranges_and_etags_work(kept: Kept, what: str) -> None:
    kept.finish()
    whole, head = kept.ask(what), kept.ask(what, "HEAD")
    assert (head.status_code, head.content, head.headers) == (200, b"", whole.headers)
    etag = whole.headers["etag"]
    part = kept.ask(what, **{"range": "bytes=2-4", "if-match": etag, "if-range": etag})
    assert (part.status_code, part.content) == (206, whole.content[2:5])
    assert part.headers["content-disposition"] == whole.headers["content-disposition"]
    same = kept.ask(what, **{"if-none-match": etag})
    assert (same.status_code, same.content) == (304, b"")
    outside = kept.ask(what, range="bytes=99999-")
    assert (outside.status_code, outside.json()["status"]) == (416, 416)


PAST, FUTURE = "Sat, 01 Jan 2000 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"if-match": "{etag}"}, 200),
        ({"if-match": '"other", {etag}'}, 200),
        ({"if-match": "*"}, 200),
        ({"if-match": '"other"'}, 412),
        ({"if-match": "W/{etag}"}, 412),
        ({"if-match": '"other"', "range": "bytes=0-9"}, 412),
        ({"if-match": '"other"', "if-none-match": "{etag}"}, 412),
        ({"if-match": "{etag}", "if-unmodified-since": PAST}, 200),
        ({"if-unmodified-since": "{modified}"}, 200),
        ({"if-unmodified-since": PAST}, 412),
        ({"if-unmodified-since": "yesterday"}, 200),
        ({"if-unmodified-since": "Sat, 01 Jan 2000 00:00:00 +99999999999999"}, 200),
        ({"if-modified-since": "{modified}"}, 304),
        ({"if-modified-since": FUTURE}, 304),
        ({"if-modified-since": PAST}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": FUTURE, "if-none-match": '"other"'}, 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions_are_heeded(
    kept: Kept, method: str, conditions: dict[str, str], status: int
) -> None:
    told = kept.ask("original", "HEAD").headers
    known = {"etag": told["etag"], "modified": told["last-modified"]}
    asked = {name: value.format(**known) for name, value in conditions.items()}
    answer = kept.ask("original", method, **asked)
    assert answer.status_code == status
    assert status != 304 or answer.headers["etag"] == told["etag"]


def test_a_list_of_etags_may_come_on_several_lines(kept: Kept) -> None:
    etag = kept.ask("original").headers["etag"]
    for name, status in (("if-none-match", 304), ("if-match", 200)):
        lines = [(name, '"other"'), (name, etag)]
        path = f"/videos/{kept.file_id}/original"
        answer = asyncio.run(kept.api._request("GET", path, headers=lines))
        assert answer.status_code == status, name


@pytest.mark.parametrize("asked", ["bytes=0-1", "bytes=99999-", "bytes=nonsense"])
def test_a_head_has_no_ranges(kept: Kept, asked: str) -> None:
    whole, head = kept.ask("original"), kept.ask("original", "HEAD", range=asked)
    assert (head.status_code, head.headers) == (200, whole.headers)


@pytest.mark.parametrize("what", ALL)
def test_nothing_that_a_stranger_sent_can_act_in_a_browser(kept: Kept, what: str) -> None:
    kept.finish()
    for answer in (kept.ask(what), kept.ask(what, range="bytes=0-1"), kept.ask(what, "HEAD")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"sandbox allow-same-origin", "default-src 'none'"} <= set(policy)
        assert not [rule for rule in policy if rule.startswith("script-src")]
        assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["page.html", "drawing.svg", "x.js", "x", "a.mp4.htm", "x.xml"])
@pytest.mark.parametrize("container", [None, "swf", "made-up", "text/html", "gif"])
def test_a_hostile_name_makes_no_page_of_an_original(
    api: OpenedApi, name: str, container: str | None
) -> None:
    answer = Kept.of(api, filename=name, container=container).ask("original")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_several_ranges_keep_the_type_of_the_whole(kept: Kept) -> None:
    answer = kept.ask("original", range="bytes=0-1,4-5")
    assert answer.status_code == 206
    assert b"Content-Type: video/quicktime\r\n" in answer.content


def test_what_is_not_there_yet_says_why(kept: Kept) -> None:
    records = kept.api.base.records
    assert "waits in the queue" in kept.ask("metadata").json()["detail"]
    for kind in ProcessType:
        records.begin(kept.file_id, kind)
        records.advance(kept.file_id, kind, 40)
    for what in ("metadata", "enhanced", "poster", "compare"):
        answer = kept.ask(what)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "40 % done" in answer.json()["detail"]
    records.fail(kept.file_id, EXTRACTION, "It broke.")
    assert kept.ask("metadata").json()["detail"].endswith("metadata extraction failed. It broke.")
    records.complete(kept.file_id, ENHANCEMENT)
    assert kept.ask("poster").json()["detail"] == "There is none of this video."


@pytest.mark.parametrize("what", ALL)
def test_nothing_belongs_to_an_unknown_video(api: OpenedApi, what: str) -> None:
    for file_id in ("nope", "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"):
        answer = api.get(f"/videos/{file_id}/{what}")
        assert answer.status_code == 404
        assert f"no file {file_id}" in answer.json()["detail"]


def test_an_original_that_is_gone_is_not_found(kept: Kept) -> None:
    (kept.api.data / "uploads" / kept.file_id).unlink()
    answer = kept.ask("original")
    assert answer.status_code == 404
    assert "upload of this video is not kept any more" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("what", "kind", "named"),
    [
        ("enhanced", ENHANCEMENT, "result of the video enhancement"),
        ("metadata", EXTRACTION, "result of the metadata extraction"),
    ],
)
def test_a_finished_result_that_is_gone_is_said_to_be(
    kept: Kept, what: str, kind: ProcessType, named: str
) -> None:
    """As where a database comes back from a backup, and the store was kept."""
    kept.api.base.records.begin(kept.file_id, kind)
    kept.api.base.records.complete(kept.file_id, kind)
    answer = kept.ask(what)
    assert answer.status_code == 404
    assert f"The {named} is not kept any more" in answer.json()["detail"]


def test_a_download_must_be_yes_or_no(kept: Kept) -> None:
    assert kept.ask("original?download=perhaps").status_code == 400


def test_results_by_their_names_are_as_harmless(kept: Kept) -> None:
    kept.finish()
    path = f"/processed_videos/metadata/{kept.file_id}_metadata.json"
    assert kept.api.get(path).headers["x-content-type-options"] == "nosniff"
    assert Path(kept.api.data / path[1:]).exists()
