"""Enhanced is better, held against a clean photograph: a short quality benchmark."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.quality import rivals
from benchmarks.quality.damages import by_name
from benchmarks.quality.frames import LOSSLESS, read, write
from benchmarks.quality.masters import PHOTOGRAPHS, load
from benchmarks.quality.scores import Scores, score

PHOTOGRAPH = next(m for m in PHOTOGRAPHS if m.name == "coffee")


def gain(damage: str, folder: Path) -> Scores:
    """What Reelworks wins back of a damaged clip, to the finished file."""
    source, clean = by_name(damage).apply(load(PHOTOGRAPH), folder / "damaged")
    master = write(clean, folder / "master.mp4", *LOSSLESS)
    mended = rivals.reelworks(source, folder / "mended.mp4")
    return score(mended, master).minus(score(source, master))


def test_what_is_worse_than_nothing_has_a_score(tmp_path: Path) -> None:
    clean = load(PHOTOGRAPH)
    master = write(clean, tmp_path / "master.mp4", *LOSSLESS)
    turned = clean.with_planes(251.0 - clean.luma(), *clean.chroma())
    damaged = write(turned, tmp_path / "damaged.mp4", *LOSSLESS)
    assert score(damaged, master).xpsnr < 0


@pytest.mark.parametrize(
    ("damage", "least"),
    [
        ("noise 5", 2.0),
        ("noise 20", 6.0),
        ("dark", 8.0),
        ("low contrast", 8.0),
        ("dark, colours kept", 8.0),
        ("low contrast, colours kept", 8.0),
        ("blur 1.2", 0.5),
        ("interlaced", 3.0),
        ("dark, noise 10", 8.0),
    ],
)
def test_what_was_damaged_comes_nearer_to_the_clean_clip(
    damage: str, least: float, tmp_path: Path
) -> None:
    won = gain(damage, tmp_path)
    assert won.psnr >= least
    assert won.ssim > 0


@pytest.mark.parametrize("damage", ["dark, colours kept", "low contrast, colours kept"])
def test_colours_that_were_not_lost_stay_as_they_are(damage: str, tmp_path: Path) -> None:
    source, _ = by_name(damage).apply(load(PHOTOGRAPH), tmp_path / "damaged")
    mended = rivals.reelworks(source, tmp_path / "mended.mp4")
    before, after = (
        np.stack(read(path, count=3).chroma()).astype(float) for path in (source, mended)
    )
    assert np.abs(after - before).mean() < 4  # 11 and more where they were stretched


def test_a_green_cast_is_taken_out(tmp_path: Path) -> None:
    assert gain("green cast", tmp_path).colour > 1


@pytest.mark.parametrize("damage", ["clean", "clean, H.264 crf 18"])
def test_a_clean_clip_is_left_alone(damage: str, tmp_path: Path) -> None:
    source, _ = by_name(damage).apply(load(PHOTOGRAPH), tmp_path / "clean")
    mended = rivals.reelworks(source, tmp_path / "mended.mp4")
    assert mended.read_bytes() == source.read_bytes()
