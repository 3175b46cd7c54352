"""What enhancing costs at 1080p, against the least that must be done: decode and encode again."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tests.corpus import CORPUS

from benchmarks.measuring import processor_seconds, run
from benchmarks.quality import rivals
from benchmarks.quality.damages import Damage, by_name, noise
from benchmarks.quality.frames import FFMPEG, Frames, read, write
from benchmarks.quality.masters import PHOTOGRAPHS, load

PICTURES, MINUTE = 300, 5
"""Pictures of a clip, and how often it is shown to fill a minute."""

_UPLOAD = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18")
_KINDS = (
    ("noise 5", 2.0),
    ("noise 10", 2.0),
    ("noise 20", 2.0),
    ("clean", 1.25),
    ("dark", 1.25),
    ("warm cast", 1.25),
    ("blur 1.2", 1.25),
    ("interlaced", 1.25),
    ("MPEG-4 q 18", 1.25),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """Time of a clip's enhancement ÷ the limit's, run by run, and the bar it is held against."""

    what: str
    ratios: tuple[float, ...]
    bar: str

    def row(self) -> str:
        """As a line of a Markdown table."""
        low, high, middle = min(self.ratios), max(self.ratios), statistics.median(self.ratios)
        return f"| {self.what} | {middle:.2f} ({low:.2f}–{high:.2f}) | {self.bar} |"


def costs(runs: int) -> list[Cost]:
    """Each kind of damage at 1080p, each run beside a run of the limit; and nlmeans."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean = _full_hd()
        found = [_kind(clean, by_name(kind), bar, folder, runs) for kind, bar in _KINDS]
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


def _kind(clean: Frames, damage: Damage, bar: float, folder: Path, runs: int) -> Cost:
    part = write(_damaged(clean, damage), folder / "part.mp4", *_upload(damage))
    source = _repeated(part, folder / "cost.mp4")
    ratios = tuple(
        _ratio(
            lambda: rivals.reelworks(source, folder / "enhanced.mp4"),
            lambda: rivals.filtered(source, folder / "limit.mp4"),
        )
        for _ in range(runs)
    )
    return Cost(f"auto ÷ limit, {damage.name}", ratios, f"≤ {bar:.2f}")


def _damaged(clean: Frames, damage: Damage) -> Frames:
    """The damaged pictures, there and back again, so that the clip is long and nothing jumps."""
    for change in damage.changes:
        clean = change(clean)
    whole = np.concatenate([clean.data, clean.data[::-1]])
    return replace(clean, data=np.resize(whole, (PICTURES, *whole.shape[1:])))


def _repeated(part: Path, target: Path) -> Path:
    """A clip several times on end, without encoding it again."""
    loop = ("-stream_loop", str(MINUTE - 1))
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
            for chain in ("null", "nlmeans=s=7:p=5:r=5:rc=3", "nlmeans=s=7:p=5:r=9")
        )
        ratios.append((ours - none) / (widest - none))
    return Cost("denoiser ÷ nlmeans at its best, filter alone", tuple(ratios), "≤ 0.25")


def _ratio(one: Callable[[], object], other: Callable[[], object]) -> float:
    begin = time.perf_counter()
    one()
    middle = time.perf_counter()
    other()
    return (middle - begin) / (time.perf_counter() - middle)
