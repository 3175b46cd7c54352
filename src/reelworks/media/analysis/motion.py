"""How the camera moves. Pure functions on arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelworks.media.probing.planes import Plane, middle

_WIDTH = 256


def shift(first: Plane, second: Plane) -> tuple[float, float]:
    """By how much a picture as a whole moved, (down, right), as shares of its width.

    Phase correlation (Kuglin, Hines 1975) of the two, thinned out to at most 256 columns, under a
    Hann window; exact to a column of those.
    """
    step = max(1, first.shape[1] // _WIDTH)
    thin = first[::step, ::step]
    down, right = offset(thin, second[::step, ::step])
    return down / thin.shape[1], right / thin.shape[1]


def offset(first: Plane, second: Plane) -> tuple[int, int]:
    """The same in whole pixels."""
    a, b = (_windowed(plane.astype(np.float32)) for plane in (first, second))
    cross = np.fft.rfft2(a).conj() * np.fft.rfft2(b)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=a.shape)
    down, right = np.unravel_index(int(surface.argmax()), surface.shape)
    height, width = surface.shape
    return _signed(int(down), height), _signed(int(right), width)


def _windowed(plane: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
    rows, columns = (np.hanning(n + 2)[1:-1] for n in plane.shape)
    result: NDArray[np.floating[Any]] = (plane - plane.mean()) * np.outer(rows, columns)
    return result


def _signed(value: int, size: int) -> int:
    return value - size if value > size // 2 else value


def aligned(first: Plane, second: Plane) -> tuple[Plane, Plane]:
    """The parts of two pictures' middles that show the same, if the picture moved as a whole by
    some whole pixels: at most 512 × 1024 of each."""
    first, second = middle(first, 512, 1024), middle(second, 512, 1024)
    down, right = offset(middle(first, _WIDTH, _WIDTH), middle(second, _WIDTH, _WIDTH))
    rows, columns = first.shape[0] - abs(down), first.shape[1] - abs(right)
    top, left = max(-down, 0), max(-right, 0)
    return (
        first[top : top + rows, left : left + columns],
        second[top + down : top + down + rows, left + right : left + right + columns],
    )


def shake(planes: list[Plane]) -> float:
    """How much the camera jerks: root mean square of the change of its motion from picture to
    picture, as a share of the width. A steady pan has none. 0 for fewer than three pictures."""
    moves = [shift(a, b) for a, b in pairwise(planes) if a.shape == b.shape]
    if len(moves) < 2:
        return 0.0
    changes = np.diff(np.array(moves), axis=0)
    return float(np.sqrt((changes**2).sum(axis=1).mean()))
