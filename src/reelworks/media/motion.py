"""How the camera moves. Pure functions on arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
_WIDTH = 256


def shift(first: Plane, second: Plane) -> tuple[float, float]:
    """By how much a picture as a whole moved, (down, right), as shares of its width.

    Phase correlation (Kuglin, Hines 1975) of the two, thinned out to at most 256 columns, under a
    Hann window; exact to a column of those.
    """
    step = max(1, first.shape[1] // _WIDTH)
    a, b = (_windowed(plane[::step, ::step].astype(np.float32)) for plane in (first, second))
    cross = np.fft.rfft2(a).conj() * np.fft.rfft2(b)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=a.shape)
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    height, width = surface.shape
    return _signed(int(down), height) / width, _signed(int(right), width) / width


def _windowed(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    rows, columns = (np.hanning(n + 2)[1:-1] for n in plane.shape)
    result: NDArray[np.float32] = (plane - plane.mean()) * np.outer(rows, columns)
    return result


def _signed(value: int, size: int) -> int:
    return value - size if value > size // 2 else value


def shake(planes: list[Plane]) -> float:
    """How much the camera jerks: root mean square of the change of its motion from picture to
    picture, as a share of the width. A steady pan has none. 0 for fewer than three pictures."""
    moves = [shift(a, b) for a, b in pairwise(planes) if a.shape == b.shape]
    if len(moves) < 2:
        return 0.0
    changes = np.diff(np.array(moves), axis=0)
    return float(np.sqrt((changes**2).sum(axis=1).mean()))
