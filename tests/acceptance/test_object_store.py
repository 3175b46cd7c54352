"""A service with an object store: what clients see of it, and of its bad days."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.test_contract import assert_problem
from tests.buckets import S3Server, SeaweedServer
from tests.service import RunningService
from tests.waiting import wait_for


@pytest.fixture
def own() -> Iterator[S3Server]:
    """A server that may be killed."""
    server = S3Server()
    yield server
    server.end()


@pytest.fixture
def fragile(own: S3Server, tmp_path: Path) -> Iterator[RunningService]:
    """A service on it."""
    url = own.create()
    service = RunningService(
        tmp_path,
        *("--storage-url", url),
        kept=own.folder(url),
        environment=own.environment,
    )
    yield service
    service.stop()


def test_an_upload_while_the_store_is_away_is_refused_whole(
    fragile: RunningService, own: S3Server, noisy_clip: Path
) -> None:
    before = fragile.files()
    own.kill()
    wait_for(lambda: not fragile.is_ready(), "the service to notice")
    ready = httpx.get(f"{fragile.url}/healthz/ready")
    assert_problem(ready, 500, "does not answer")
    assert_problem(fragile.upload(noisy_clip), 500, "does not answer")
    own.start()
    wait_for(fragile.is_ready, "the service to be ready again")
    # The worker may have tried the store out when it was gone: that ends, too.
    wait_for(lambda: fragile.files() == before, "nothing to be left")
    file_id = fragile.accepted(noisy_clip)
    assert [status["status"] for status in fragile.finished(file_id)] == ["completed"] * 2


def test_work_outlasts_a_store_that_is_away(
    fragile: RunningService, own: S3Server, noisy_clip: Path
) -> None:
    file_id = fragile.accepted(noisy_clip)
    wait_for(
        lambda: fragile.status("video-enhancement", file_id)["status"] == "processing",
        "the work to begin",
    )
    own.kill()
    wait_for(lambda: not fragile.is_ready(), "the service to notice")
    own.start()
    assert [status["status"] for status in fragile.finished(file_id)] == ["completed"] * 2
    assert fragile.enhanced(file_id).stat().st_size > 0


def test_a_service_does_not_start_without_its_store(own: S3Server, tmp_path: Path) -> None:
    environment = own.environment | {"AWS_SECRET_ACCESS_KEY": "another"}
    with pytest.raises(AssertionError, match="refuses: SignatureDoesNotMatch"):
        RunningService(tmp_path, "--storage-url", own.create(), environment=environment)


def test_clients_are_redirected_to_the_store_for_enhanced_videos(
    seaweed: SeaweedServer, tmp_path: Path, clean_clip: Path
) -> None:
    service = RunningService(
        tmp_path,
        *("--storage-url", seaweed.create(), "--redirect-results"),
        environment=seaweed.environment,
    )
    try:
        file_id = service.accepted(clean_clip)
        service.finished(file_id)
        url = f"{service.url}/processed_videos/enhanced_{file_id}.mp4"
        redirection = httpx.get(url)
        assert redirection.status_code == 307
        assert redirection.headers["location"].startswith(seaweed.environment["AWS_ENDPOINT_URL"])
        whole = httpx.get(url, follow_redirects=True)
        assert (whole.status_code, whole.content) == (200, clean_clip.read_bytes())
        assert whole.headers["content-type"] == "video/mp4"
        asked = {"range": "bytes=10-19", "if-match": whole.headers["etag"]}
        part = httpx.get(url, headers=asked, follow_redirects=True)
        assert (part.status_code, part.content) == (206, whole.content[10:20])
        head = httpx.head(url, follow_redirects=True)
        assert head.headers["content-length"] == str(len(whole.content))
        # What a page reads by script, and what has a name to be saved under, comes from us.
        assert service.metadata(file_id)["file_id"] == file_id
        assert httpx.get(f"{service.url}/videos/{file_id}/enhanced").status_code == 200
        gone = f"{service.url}/processed_videos/enhanced_x.mp4"
        assert_problem(httpx.get(gone), 404)
    finally:
        service.stop()
