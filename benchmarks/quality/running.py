"""Damages every clip in every way, lets every rival mend it, and scores what comes out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality import rivals
from benchmarks.quality.damages import Damage
from benchmarks.quality.frames import LOSSLESS, write
from benchmarks.quality.masters import Master, load
from benchmarks.quality.rivals import Rival
from benchmarks.quality.scores import Scores, score

_NLMEANS = {5: (2.5, 3.5, 4.5), 10: (5.5, 7.0, 8.5), 20: (11.0, 14.0, 17.0)}
"""Strengths among which the best is taken, clip by clip."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one rival made of one damaged clip.

    Attributes:
        damaged, mended: scores against the clean clip.
        untouched: whether the file was left as it was.
        size: bytes of the result ÷ bytes of what it was made of.
    """

    clip: str
    damage: str
    rival: str
    damaged: Scores
    mended: Scores
    untouched: bool
    size: float

    @property
    def gain(self) -> Scores:
        """What was gained over the damaged clip."""
        return self.mended.minus(self.damaged)


def run(
    clips: Iterable[Master], damages: Iterable[Damage], others: Mapping[str, Rival], jobs: int
) -> Iterator[Result]:
    """Every rival on every damaged clip, a few side by side."""
    pairs = [(clip, damage) for damage in damages for clip in clips]
    with ThreadPoolExecutor(jobs) as pool:
        for results in pool.map(lambda pair: _one(*pair, others), pairs):
            yield from results


def _one(clip: Master, damage: Damage, others: Mapping[str, Rival]) -> list[Result]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        damaged, clean = damage.apply(load(clip), folder / "damaged")
        master = write(clean, folder / "master.mp4", *LOSSLESS)
        before = score(damaged, master)
        field = {"Reelworks": rivals.reelworks, **others}
        if sigma := damage.noise_for_nlmeans:
            field |= {f"nlmeans {s}": rivals.non_local_means(s) for s in _NLMEANS[sigma]}
        results = []
        for number, (rival, mend) in enumerate(field.items()):
            mended = mend(damaged, folder / f"mended-{number}.mp4")
            # Of the others, PSNR and SSIM are shown.
            after = score(mended, master, whole=number == 0)
            results.append(
                Result(
                    clip=clip.name,
                    damage=damage.name,
                    rival=rival,
                    damaged=before,
                    mended=after,
                    untouched=mended.read_bytes() == damaged.read_bytes(),
                    size=mended.stat().st_size / damaged.stat().st_size,
                )
            )
        return _best_nlmeans(results)


def _best_nlmeans(results: list[Result]) -> list[Result]:
    """Of the strengths that were tried, the one that came nearest to the clean clip."""
    tried = [r for r in results if r.rival.startswith("nlmeans")]
    if not tried:
        return results
    best = max(tried, key=lambda result: result.mended.psnr)
    return [r for r in results if r not in tried or r is best]
