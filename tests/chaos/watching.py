"""Watches what the service says and publishes, and knows nothing of it but the contract."""

from __future__ import annotations

import json
import random
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.observer import decoded_frames
from tests.chaos.traffic import Accepted, Traffic
from tests.service import PROCESSES
from tests.waiting import wait_for

_PATIENCE_SECONDS = 120.0
_RANKS = {"pending": 0, "processing": 1, "completed": 2, "failed": 2}


@dataclass
class _Seen:
    """What was last seen of one video."""

    states: dict[str, tuple[int, int]] = field(default_factory=dict)
    final: dict[str, dict[str, Any]] = field(default_factory=dict)
    etag: str = ""


@dataclass
class Watcher:
    """Asks for each video's statuses and results over and over, of any API.

    Attributes:
        round_seconds: how long it rests between two rounds.
        violations: what should never be, in words.
        unfinished: the videos that are not final as far as anybody knows.
        replaced: how often a whole result took the place of an earlier one.
        looked_at: how many published results were decoded.
    """

    urls: list[str]
    traffic: Traffic
    round_seconds: float = 0.5
    violations: list[str] = field(default_factory=list)
    replaced: int = 0
    looked_at: int = 0

    def __post_init__(self) -> None:
        self._http = httpx.Client(timeout=10)
        self._chance = random.Random()
        self._seen: dict[str, _Seen] = {}
        self._ended = threading.Event()
        self._folder = tempfile.TemporaryDirectory(prefix="chaos-results-")
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Watch no more, and leave nothing."""
        self._rest()
        self._folder.cleanup()

    def _rest(self) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def is_resting(self) -> bool:
        """Whether it makes no new rounds."""
        return self._ended.is_set()

    @property
    def unfinished(self) -> list[Accepted]:
        return [each for each in self.traffic.accepted if not self._is_final(each)]

    def _is_final(self, upload: Accepted) -> bool:
        seen = self._seen.get(upload.file_id)
        return seen is not None and len(seen.final) == len(PROCESSES)

    def _watch(self) -> None:
        while not self._ended.wait(self.round_seconds):
            for upload in self.unfinished:
                self.look(upload)
            self.traffic.finished = len(self.traffic.accepted) - len(self.unfinished)

    def look(self, upload: Accepted) -> None:
        """How a video stands now, and what is published of it."""
        seen = self._seen.setdefault(upload.file_id, _Seen())
        for process in PROCESSES:
            answer = self._ask(f"internal/{process}-status/{upload.file_id}")
            if answer is not None:
                self._note_status(upload, seen, process, answer)
        self._look_at_result(upload)

    def _ask(self, path: str) -> httpx.Response | None:
        """An answer that says something; None while the API or what it needs is down."""
        url = self._chance.choice(self.urls)
        try:
            answer = self._http.get(f"{url}/{path}")
        except httpx.TransportError:
            return None
        return None if answer.status_code >= 500 else answer

    def _insist(self, path: str) -> httpx.Response:
        return wait_for(lambda: self._ask(path), f"an answer to {path}", seconds=_PATIENCE_SECONDS)

    def _note_status(
        self, upload: Accepted, seen: _Seen, process: str, answer: httpx.Response
    ) -> None:
        name = f"{upload.kind.name} {upload.file_id} {process}"
        if answer.status_code != 200:
            self._violated(f"lost: {name} answers {answer.status_code}")
            return
        status = answer.json()
        now = (_RANKS[status["status"]], status["progress"])
        before = seen.states.get(process, (0, 0))
        if now[0] < before[0] or now[1] < before[1]:
            self._violated(f"back: {name} went from {before} to {now}")
        seen.states[process] = now
        if now[0] == 2:
            seen.final[process] = status
        if status["status"] == "failed":
            self._violated(f"failed: {name}: {status['error']}")

    def _look_at_result(self, upload: Accepted) -> None:
        """Whatever stands under the final names now is whole."""
        seen = self._seen[upload.file_id]
        for extension in {"mp4", upload.kind.path.suffix[1:]}:
            answer = self._ask(f"processed_videos/enhanced_{upload.file_id}.{extension}")
            if answer is not None and answer.status_code == 200:
                self._note_result(upload, seen, answer)
        answer = self._ask(f"processed_videos/metadata/{upload.file_id}_metadata.json")
        if answer is not None and answer.status_code == 200:
            self._note_metadata(upload, answer)

    def _note_result(self, upload: Accepted, seen: _Seen, answer: httpx.Response) -> None:
        etag = answer.headers["etag"]
        if etag == seen.etag:
            return
        self.replaced += bool(seen.etag)
        seen.etag = etag
        self.looked_at += 1
        path = Path(self._folder.name) / "result"
        path.write_bytes(answer.content)
        try:
            frames = decoded_frames(path)
        except AssertionError as error:
            self._violated(f"partial: {upload.kind.name} {upload.file_id}: {error}")
            return
        if frames != upload.kind.frames:
            self._violated(f"frames: {upload.kind.name} {upload.file_id} has {frames}")

    def _note_metadata(self, upload: Accepted, answer: httpx.Response) -> None:
        kind = upload.kind
        try:
            document = answer.json()
        except json.JSONDecodeError:
            self._violated(f"partial: the metadata of {upload.file_id}")
            return
        wanted = {
            "file_id": upload.file_id,
            "filename": kind.path.name,
            "resolution": {"width": kind.width, "height": kind.height},
            "frame_count": kind.frames,
            "file_size_bytes": kind.path.stat().st_size,
        }
        found = {name: document.get(name) for name in wanted}
        if found != wanted:
            self._violated(f"metadata: {upload.file_id} has {found} in place of {wanted}")

    def check_ends(self) -> None:
        """Every accepted video has exactly what the contract promises, in the end."""
        self._rest()  # two that look at once would write their results over each other
        for upload in self.traffic.accepted:
            seen = self._seen[upload.file_id]
            for process in PROCESSES:
                path = f"internal/{process}-status/{upload.file_id}"
                self._note_status(upload, seen, process, self._insist(path))
            metadata = self._insist(f"processed_videos/metadata/{upload.file_id}_metadata.json")
            if metadata.status_code != 200:
                self._violated(f"lost: the metadata of {upload.file_id}")
            self._look_at_result(upload)
            if not seen.etag:
                self._violated(f"lost: the result of {upload.file_id}")

    def check_published(self, names: list[str]) -> None:
        """One result each."""
        for upload in self.traffic.accepted:
            results = [name for name in names if name.startswith(f"enhanced_{upload.file_id}.")]
            if len(results) != 1:
                self._violated(f"doubled: {upload.file_id} has {results}")

    def _violated(self, what: str) -> None:
        if what not in self.violations:
            self.violations.append(what)
