"""What enhancing costs at 1080p, against the least that must be done: decode and encode again."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tests.corpus import CORPUS

from benchmarks.measuring import processor_seconds, run, spent
from benchmarks.quality import rivals
from benchmarks.quality.damages import Damage, by_name, noise
from benchmarks.quality.frames import FFMPEG, Frames, read, write
from benchmarks.quality.masters import PHOTOGRAPHS, load

PICTURES, MINUTE = 300, 5
"""Pictures of a clip, and how often it is shown to fill a minute."""

_UPLOAD = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18")
_KINDS = (
    ("noise 5", 2.0, 1),
    ("noise 10", 2.0, 1),
    ("clean", 1.25, 1),
    ("dark", 1.25, MINUTE),
    ("low contrast", 1.25, MINUTE),
    ("warm cast", 1.25, MINUTE),
    ("blur 2", 1.25, MINUTE),
    ("interlaced", 1.25, MINUTE),
    ("MPEG-4 q 18", 1.25, MINUTE),
)
"""Damage, bar, and how often the pictures are shown on end at most: noise takes long as it is, and
what is left alone is not encoded."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What was measured, run by run, and the bar that it is held against.

    Attributes:
        ratios: of time ÷ the limit's time; empty where only processor time tells.
        processor: of processor time ÷ the limit's.
    """

    what: str
    ratios: tuple[float, ...]
    processor: tuple[float, ...]
    bar: str

    def row(self) -> str:
        """As a line of a Markdown table."""
        return f"| {self.what} | {_spread(self.ratios)} | {_spread(self.processor)} | {self.bar} |"


def _spread(ratios: tuple[float, ...]) -> str:
    if not ratios:
        return ""
    middle = f"{statistics.median(ratios):.2f}"
    return middle if len(ratios) == 1 else f"{middle} ({min(ratios):.2f}–{max(ratios):.2f})"


def costs(runs: int) -> list[Cost]:
    """Each kind of damage at 1080p, each run beside a run of the limit; and nlmeans."""
    with tempfile.TemporaryDirectory() as name:
        folder, found = Path(name), []
        clean = _full_hd()
        for kind, bar, most in _KINDS:
            damage = by_name(kind)
            part = write(_damaged(clean, damage), folder / "part.mp4", *_upload(damage))
            for times in sorted({1, most}):
                source = _repeated(part, times, folder / "cost.mp4")
                what = f"auto ÷ limit, {kind}, {times * PICTURES} pictures"
                # One run of a minute is as long as several.
                found.append(_cost(what, source, bar, folder, runs if times == 1 else 1))
                print(found[-1].row(), flush=True)
        return [*found, _denoisers(replace(clean, data=clean.data[:20]), folder, runs)]


def _full_hd() -> Frames:
    """1080p that moves: a film where the corpus is, else a photograph under a moving camera."""
    film = CORPUS / "long_bbb_1080p25_62s.mp4"
    if film.exists():
        return read(film, count=40, start=20.0)
    return _tiled(load(PHOTOGRAPHS[0]))


def _tiled(small: Frames) -> Frames:
    width, height = small.size
    across, down = -(-1920 // width), -(-1080 // height)
    planes = [np.tile(p, (1, down, across)) for p in (small.luma(), *small.chroma())]
    luma, u, v = planes[0][:, :1080, :1920], planes[1][:, :540, :960], planes[2][:, :540, :960]
    blank = Frames(np.zeros((len(luma), 1620, 1920), np.uint8))
    return blank.with_planes(luma, u, v)


def _cost(what: str, source: Path, bar: float, folder: Path, runs: int) -> Cost:
    pairs = [
        (
            spent(lambda: rivals.reelworks(source, folder / "enhanced.mp4")),
            spent(lambda: rivals.filtered(source, folder / "limit.mp4")),
        )
        for _ in range(runs)
    ]
    wall, processor = (tuple(own[n] / limit[n] for own, limit in pairs) for n in (0, 1))
    return Cost(what, wall, processor, f"≤ {bar:.2f}")


def _damaged(clean: Frames, damage: Damage) -> Frames:
    """The damaged pictures, there and back again, so that the clip is long and nothing jumps."""
    if damage.woven:  # on the way back, fields would come in another order
        clean = _there_and_back(clean)
    for change in damage.changes:
        clean = change(clean)
    whole = clean if damage.woven else _there_and_back(clean)
    return replace(clean, data=np.resize(whole.data, (PICTURES, *whole.data.shape[1:])))


def _there_and_back(clip: Frames) -> Frames:
    return replace(clip, data=np.concatenate([clip.data, clip.data[::-1]]))


def _repeated(part: Path, times: int, target: Path) -> Path:
    """A clip several times on end, without encoding it again."""
    loop = ("-stream_loop", str(times - 1))
    run([FFMPEG, "-y", *loop, "-i", str(part), "-c", "copy", str(target)])
    return target


def _upload(damage: Damage) -> tuple[str, ...]:
    return damage.encoding if "mpeg4" in damage.encoding else _UPLOAD


def _denoisers(clean: Frames, folder: Path, runs: int) -> Cost:
    """Reelworks' denoiser ÷ nlmeans at full width, filters alone, in processor time."""
    source = write(noise(10)(clean), folder / "noisy.mp4", *_UPLOAD)
    ratios = []
    for _ in range(runs):
        none, ours, widest = (
            processor_seconds([FFMPEG, "-i", str(source), "-vf", chain, "-f", "null", "-"])
            for chain in ("null", "nlmeans=s=7:p=5:r=3,hqdn3d=4:4:8:8", "nlmeans=s=7:p=5:r=9")
        )
        ratios.append((ours - none) / (widest - none))
    return Cost("denoiser ÷ nlmeans at its best, filter alone", (), tuple(ratios), "≤ 0.25")
