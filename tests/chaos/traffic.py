"""Clips of several kinds, and whoever uploads them without end."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.clips import clip, lavfi

CLIENTS = ("ada", "grace", "mary")
_NOISE = "noise=alls=24:allf=t,format=yuv420p"
_FAST = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "20")
_FULL_SECONDS = 0.2
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of clip, and what must come of it."""

    name: str
    path: Path
    frames: int
    width: int
    height: int
    weight: int = 1


def kinds() -> list[Kind]:
    """Short and long, to be copied and to be encoded, in several containers."""
    return [
        Kind(name="noisy", path=_noisy(".mp4"), frames=50, width=320, height=180, weight=4),
        Kind(name="transport", path=_noisy(".ts"), frames=50, width=320, height=180, weight=2),
        Kind(name="clean", path=_clean(), frames=25, width=320, height=240, weight=3),
        Kind(name="uneven", path=_uneven(), frames=45, width=320, height=180, weight=2),
        Kind(name="film", path=_film(), frames=450, width=160, height=90, weight=1),
    ]


def _noisy(suffix: str) -> Path:
    pictures = lavfi("testsrc2=size=320x180:rate=25:duration=2")
    sound = lavfi("sine=frequency=440:duration=2")
    return clip(suffix, *pictures, *sound, "-vf", _NOISE, *_FAST, "-c:a", "aac")


def _clean() -> Path:
    pictures = lavfi("testsrc2=size=320x240:rate=25:duration=1")
    return clip(".mp4", *pictures, "-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p")


def _uneven() -> Path:
    """Pictures that are not evenly apart, in Matroska."""
    pictures = lavfi("testsrc2=size=320x180:rate=30:duration=3")
    filters = f"select='mod(n,2)',{_NOISE}"
    return clip(".mkv", *pictures, "-vf", filters, "-fps_mode", "vfr", *_FAST)


def _film() -> Path:
    """Long enough to be cut."""
    pictures = lavfi("testsrc2=size=160x90:rate=10:duration=45")
    sound = lavfi("sine=frequency=440:duration=45")
    return clip(".mp4", *pictures, *sound, "-vf", _NOISE, *_FAST, "-g", "25", "-c:a", "aac")


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """An upload that was answered with 200."""

    file_id: str
    kind: Kind
    client_id: str


@dataclass
class Traffic:
    """Uploads one clip after the other, with a bound on how many are unfinished.

    Attributes:
        accepted: those that were answered with 200.
        answers: how often which other answer came, by its status; "none" where none came.
        finished: how many of the accepted ones the watcher saw finished.
    """

    urls: Sequence[str]
    chance: random.Random
    most_unfinished: int
    accepted: list[Accepted] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    finished: int = 0

    def __post_init__(self) -> None:
        self._kinds = kinds()
        self._ended = threading.Event()
        self._sender = threading.Thread(target=self._send, name="traffic", daemon=True)
        self._sender.start()

    def end(self) -> None:
        """Upload no more."""
        self._ended.set()
        self._sender.join()

    def _send(self) -> None:
        while not self._ended.wait(_FULL_SECONDS):
            if len(self.accepted) - self.finished < self.most_unfinished:
                self._upload()

    def _upload(self) -> None:
        (kind,) = self.chance.choices(self._kinds, [kind.weight for kind in self._kinds])
        client_id, url = self.chance.choice(CLIENTS), self.chance.choice(self.urls)
        try:
            with kind.path.open("rb") as file:
                answer = httpx.post(
                    f"{url}/upload",
                    files={"file": (kind.path.name, file, "application/octet-stream")},
                    data={"client_id": client_id},
                    timeout=_TIMEOUT_SECONDS,
                )
        except httpx.TransportError:
            self.answers["none"] += 1
            return
        if answer.status_code == 200:
            file_id = answer.json()["file_id"]
            self.accepted.append(Accepted(file_id=file_id, kind=kind, client_id=client_id))
        else:
            self.answers[str(answer.status_code)] += 1
