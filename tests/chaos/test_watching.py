"""The watcher sees what should never be: a checker that finds nothing must be able to."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import watching
from tests.chaos.traffic import Accepted, Kind, Traffic, kinds
from tests.chaos.watching import Watcher
from tests.waiting import wait_for

FILE_ID = "5f0c1d1e"


class Service:
    """Answers what it was told to answer, to whoever asks for a path."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        answers = self.answers

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = answers.get(self.path)
                self.send_response(404 if body is None else 200)
                self.send_header("ETag", f'"{hash(body)}"')
                self.end_headers()
                self.wfile.write(body or b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def says(self, process: str, status: str, progress: int, error: str | None = None) -> None:
        answer = {"status": status, "progress": progress, "error": error}
        self.answers[f"/internal/{process}-status/{FILE_ID}"] = json.dumps(answer).encode()

    def publishes(self, body: bytes, **changes: Any) -> None:
        self.answers[f"/processed_videos/enhanced_{FILE_ID}.mp4"] = body
        document = metadata() | changes
        path = f"/processed_videos/metadata/{FILE_ID}_metadata.json"
        self.answers[path] = json.dumps(document).encode()

    def end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def clean() -> Kind:
    (kind,) = (kind for kind in kinds() if kind.name == "clean")
    return kind


def metadata() -> dict[str, Any]:
    kind = clean()
    return {
        "file_id": FILE_ID,
        "filename": kind.path.name,
        "resolution": {"width": kind.width, "height": kind.height},
        "frame_count": kind.frames,
        "file_size_bytes": kind.path.stat().st_size,
    }


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    for process in ("video-enhancement", "metadata-extraction"):
        service.says(process, "completed", 100)
    service.publishes(clean().path.read_bytes())
    yield service
    service.end()


@pytest.fixture
def watcher(service: Service) -> Iterator[Watcher]:
    """One whose rounds the tests make themselves."""
    traffic = Traffic([service.url], random.Random(1), most_unfinished=0)
    watcher = Watcher([service.url], traffic, round_seconds=3600)
    traffic.accepted.append(Accepted(file_id=FILE_ID, kind=clean(), client_id="ada"))
    yield watcher
    traffic.end()
    watcher.end()


def kinds_of(watcher: Watcher) -> set[str]:
    return {violation.partition(":")[0] for violation in watcher.violations}


def look(watcher: Watcher) -> set[str]:
    watcher.look(watcher.traffic.accepted[0])
    return kinds_of(watcher)


def test_all_is_well(watcher: Watcher) -> None:
    assert look(watcher) == set()
    watcher.check_ends()
    watcher.check_published([f"enhanced_{FILE_ID}.mp4", "enhanced_another.mp4"])
    assert kinds_of(watcher) == set()
    assert watcher.unfinished == []
    assert watcher.looked_at == 1


def test_a_video_that_nobody_knows_is_lost(watcher: Watcher, service: Service) -> None:
    service.answers.clear()
    assert look(watcher) == {"lost"}


def test_a_step_back_is_seen(watcher: Watcher, service: Service) -> None:
    service.says("video-enhancement", "processing", 50)
    assert look(watcher) == set()
    service.says("video-enhancement", "processing", 49)
    assert look(watcher) == {"back"}


def test_a_final_process_that_begins_again_is_seen(watcher: Watcher, service: Service) -> None:
    look(watcher)
    service.says("video-enhancement", "processing", 100)
    watcher.check_ends()
    assert kinds_of(watcher) == {"back"}


def test_a_failure_is_seen(watcher: Watcher, service: Service) -> None:
    service.says("metadata-extraction", "failed", 0, "It broke.")
    assert look(watcher) == {"failed"}


def test_half_a_result_is_seen_also_before_the_end(watcher: Watcher, service: Service) -> None:
    service.says("video-enhancement", "processing", 99)
    service.publishes(clean().path.read_bytes()[:-2000])
    assert look(watcher) == {"partial"}


def test_a_result_with_other_pictures_is_seen(watcher: Watcher, service: Service) -> None:
    (other,) = (kind for kind in kinds() if kind.name == "noisy" and kind.path.suffix == ".mp4")
    service.publishes(other.path.read_bytes())
    assert look(watcher) == {"frames"}


def test_wrong_metadata_are_seen(watcher: Watcher, service: Service) -> None:
    service.publishes(clean().path.read_bytes(), frame_count=24)
    assert look(watcher) == {"metadata"}


def test_a_completed_video_without_a_result_is_lost(watcher: Watcher, service: Service) -> None:
    del service.answers[f"/processed_videos/enhanced_{FILE_ID}.mp4"]
    look(watcher)
    watcher.check_ends()
    assert kinds_of(watcher) == {"lost"}


@pytest.mark.parametrize("names", [[], [f"enhanced_{FILE_ID}.mp4", f"enhanced_{FILE_ID}.mkv"]])
def test_other_than_one_result_is_seen(watcher: Watcher, names: list[str]) -> None:
    watcher.check_published(names)
    assert kinds_of(watcher) == {"doubled"}


def test_the_end_is_looked_at_by_one_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that look at once write over each other what they look at."""
    others = {path.replace(FILE_ID, "other"): body for path, body in service.answers.items()}
    service.answers |= {path: body for path, body in others.items() if path.startswith("/internal")}
    decoding: list[str] = []
    at_once: list[int] = []
    may_end = threading.Event()

    def slowly(path: Path) -> int:
        decoding.append(path.name)
        at_once.append(len(decoding))
        assert may_end.wait(60)
        decoding.pop()
        return clean().frames

    monkeypatch.setattr(watching, "decoded_frames", slowly)
    traffic = Traffic([service.url], random.Random(1), most_unfinished=0)
    watcher = Watcher([service.url], traffic, round_seconds=0.1)
    late = Accepted(file_id="other", kind=clean(), client_id="ada")
    first = Accepted(file_id=FILE_ID, kind=clean(), client_id="ada")
    watcher.look(late)
    service.answers |= others
    traffic.accepted += [late, first]
    wait_for(lambda: at_once, "the watcher to look at a result")
    ends = threading.Thread(target=watcher.check_ends)
    ends.start()
    wait_for(lambda: watcher.is_resting or len(at_once) > 1, "the end to be looked at")
    may_end.set()
    ends.join(60)
    traffic.end()
    watcher.end()
    assert at_once == [1, 1]
    assert watcher.looked_at == 2
