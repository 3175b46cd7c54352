"""Real files through the running service, as a client sees them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.acceptance.observer import decoded_frames
from tests.corpus import CORPUS, manifest, needs_corpus
from tests.service import RunningService

pytestmark = [pytest.mark.corpus, needs_corpus]

_EVERYTHING_SECONDS = 900


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    response: httpx.Response
    statuses: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Run:
    """The whole corpus, sent through one service."""

    service: RunningService
    outcomes: dict[str, Outcome]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything uploaded at once, as on a busy day."""
    service = RunningService(tmp_path_factory.mktemp("corpus"))
    names = [entry["name"] for entry in manifest()]
    with ThreadPoolExecutor(4) as pool:
        responses = dict(pool.map(lambda n: (n, service.upload(CORPUS / n)), names))
    outcomes = {
        name: Outcome(response, _statuses(service, response))
        for name, response in responses.items()
    }
    yield Run(service, outcomes)
    service.stop()


def _statuses(service: RunningService, response: httpx.Response) -> tuple[dict[str, Any], ...]:
    if response.status_code != 200:
        return ()
    return service.finished(response.json()["file_id"], seconds=_EVERYTHING_SECONDS)


def _named(expected: str) -> list[Any]:
    return [
        pytest.param(entry, id=entry["name"])
        for entry in manifest()
        if entry["expected"] == expected
    ]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("entry", _named("reject"))
def test_a_file_that_is_no_video_is_refused_with_a_sentence(
    run: Run, entry: dict[str, Any]
) -> None:
    response = run.outcomes[entry["name"]].response
    assert response.status_code == 400
    assert len(response.json()["detail"]) > 20


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("entry", _named("process"))
def test_a_video_ends_completed_exact_and_whole(run: Run, entry: dict[str, Any]) -> None:
    outcome = run.outcomes[entry["name"]]
    if entry.get("either_ok") and outcome.response.status_code == 400:
        return
    assert outcome.response.status_code == 200, outcome.response.text
    assert [status["status"] for status in outcome.statuses] == ["completed"] * 2, outcome.statuses
    file_id = outcome.response.json()["file_id"]
    metadata = run.service.metadata(file_id)
    assert metadata["frame_count"] == entry["ffprobe"]["frames_decoded_ffmpeg9"]
    _check_enhanced(run.service.enhanced(file_id), CORPUS / entry["name"], metadata)
    report = metadata["advanced"]["enhancement"]
    for path in report["previews"].values():
        assert (run.service.data / path).stat().st_size > 0
    assert report["fidelity"] is not None


def _check_enhanced(enhanced: Path, source: Path, metadata: dict[str, Any]) -> None:
    if metadata["advanced"]["enhancement"]["action"] == "copy":
        assert enhanced.read_bytes() == source.read_bytes()
        return
    assert decoded_frames(enhanced) == metadata["frame_count"]
    with av.open(str(enhanced), metadata_errors="replace") as container:
        with av.open(str(source), metadata_errors="replace") as original:
            assert len(container.streams.audio) == len(original.streams.audio)
        picture = container.streams.video[0]
        frame = next(container.decode(picture))
        assert frame.rotation == 0
    size, plan = metadata["resolution"], metadata["advanced"]["enhancement"]
    assert (frame.width, frame.height) == (plan["width"], plan["height"])
    assert abs(frame.width - size["width"]) <= 1
    assert abs(frame.height - size["height"]) <= 1


def test_nothing_is_left_of_what_was_refused(run: Run) -> None:
    accepted = {
        outcome.response.json()["file_id"]
        for outcome in run.outcomes.values()
        if outcome.response.status_code == 200
    }
    assert {path for path in run.service.files() if path.startswith("uploads/")} == {
        f"uploads/{file_id}" for file_id in accepted
    }
    assert not any(path.startswith(("incoming/", "scratch/")) for path in run.service.files())
