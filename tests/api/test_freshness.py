"""What a cache between the service and its clients may keep."""

from __future__ import annotations

import re

import pytest

from tests.api.conftest import OpenedApi
from tests.clips import plain


@pytest.fixture(scope="module")
def file_id(api: OpenedApi) -> str:
    answer = api.upload(files={"file": ("a.mp4", plain().read_bytes())}, data={"client_id": "me"})
    return str(answer.json()["file_id"])


@pytest.mark.parametrize(
    "path",
    [
        "/internal/video-enhancement-status/{}",
        "/internal/metadata-extraction-status/{}",
        "/videos?client_id=me",
        "/videos/{}",
        "/videos/{}/original",
        "/presets",
        "/healthz/ready",
        "/openapi.json",
        "/",
    ],
)
def test_no_cache_answers_unasked(api: OpenedApi, file_id: str, path: str) -> None:
    answer = api.get(path.format(file_id))
    assert answer.status_code == 200
    assert answer.headers.get_list("cache-control") == ["no-cache"]


def test_nor_that_something_is_not_there_yet(api: OpenedApi, file_id: str) -> None:
    for path in (f"/videos/{file_id}/enhanced", "/videos/none", "/none"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-cache"


def test_what_never_changes_may_be_kept(api: OpenedApi) -> None:
    asset = re.search(r"assets/[^\"]+", api.get("/").text)
    assert asset
    kept = api.get(f"/{asset[0]}").headers.get_list("cache-control")
    assert kept == ["public, max-age=31536000, immutable"]
