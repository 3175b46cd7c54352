"""What the denoiser makes of real pictures."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from tests.media.plans import picture
from tests.media.scenes import LOSSLESS, PAN, film

from reelworks.media.deciding.noise import denoiser
from reelworks.media.deciding.stored import Stored


def _luma(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray()[:240] for frame in container.decode(video=0)])


def test_a_film_begins_as_clean_as_it_goes_on() -> None:
    chain = denoiser(10.0, 10.0, Stored.of(picture()))
    noisy = (PAN, "format=yuv420p", "noise=alls=26:allf=t:all_seed=7", chain)
    left = _luma(film(*noisy, codec=LOSSLESS)).astype(float) - _luma(film(codec=LOSSLESS))
    errors = (left**2).mean(axis=(1, 2))
    assert errors[0] < 1.05 * np.median(errors)
