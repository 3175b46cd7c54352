"""What the denoiser makes of real pictures."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from tests.media.plans import picture
from tests.media.scenes import LOSSLESS, PAN, film

from reelworks.media.deciding.noise import TOGETHER, denoiser
from reelworks.media.deciding.stored import Stored


def _pictures(path: Path) -> np.ndarray:
    """Luma, and below it both colour planes."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray() for frame in container.decode(video=0)]).astype(float)


def _luma(path: Path) -> np.ndarray:
    return _pictures(path)[:, :240]


def test_a_film_begins_as_clean_as_it_goes_on() -> None:
    chain = denoiser(10.0, 10.0, 1.0, Stored.of(picture()))
    noisy = (PAN, "format=yuv420p", "noise=alls=26:allf=t:all_seed=7", chain)
    left = _luma(film(*noisy, codec=LOSSLESS)) - _luma(film(codec=LOSSLESS))
    errors = (left**2).mean(axis=(1, 2))
    assert errors[0] < 1.05 * np.median(errors)


def test_colours_do_not_run_on_from_one_scene_into_the_next() -> None:
    grey, tinted = "hue=s=0", "lutyuv=u=val-12:v=val+12:enable='lt(n,12)'"
    clean = (PAN, "format=yuv420p", grey, tinted)
    noisy = (
        *clean,
        "noise=c0s=45:c0f=t:all_seed=7",
        denoiser(18.0, 18.0, 1.0, Stored.of(picture())),
    )
    off = _pictures(film(*noisy, codec=LOSSLESS)) - _pictures(film(*clean, codec=LOSSLESS))
    tints = np.abs(off[:, 240:].mean(axis=2)).mean(axis=1)
    assert tints[12 + TOGETHER // 2 :].max() < 0.1
