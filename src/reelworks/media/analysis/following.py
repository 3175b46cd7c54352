"""Whether what looks like noise moves along with the picture. Pure functions on arrays.

Noise is new in every picture. Fine texture under a moving camera, or before it, changes as much
from one picture to the next, but the picture before tells where it comes from.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from reelworks.media.analysis import motion
from reelworks.media.analysis.estimators import FLATTEST, Scale, laplacian, usable
from reelworks.media.probing.planes import Plane, block_means, middle

_BLOCK = 16
_REACH = 8
"""How far a block is looked for, in pixels, around where it was and around where the whole picture
has moved to."""

_MOST_BLOCKS, _FEWEST_BLOCKS = 64, 8
_LEAST_CHANGE = 0.02
"""A block of which less than this share is new stands still, and tells nothing."""

Array = NDArray[Any]


def unforeseen(first: Plane, second: Plane, scale: Scale) -> float:
    """How much of the finest detail the picture before does not tell when it is followed, as a
    share of what it does not tell where nothing is moved: medians over the flattest blocks.

    About 0.85 for noise, which matches by chance alone; 0.6 and less for texture that moves. 1
    where too few blocks change.

    Each block of the second picture, after a 3×3 Laplacian, is predicted from the first one's: from
    the same place, times the best factor; and from the 3×3 pixels around the place that correlates
    best, by least squares, which also tells movements by parts of a pixel. What is left is 1 − R².
    """
    before, after = (
        laplacian(middle(plane, 512, 1024).astype(np.float32)) for plane in (first, second)
    )
    if min(before.shape) < _BLOCK:
        return 1.0
    rows, columns = _flattest(before, after, usable(middle(first, 512, 1024), scale))
    if rows.size < _FEWEST_BLOCKS:
        return 1.0
    drift = motion.offset(middle(first, 256, 256), middle(second, 256, 256))
    blocks = _patches(after, rows, columns, 0)
    told = np.max([_told(before, blocks, rows, columns, d) for d in {(0, 0), drift}], axis=0)
    stays = 1 - _told_in_place(_patches(before, rows, columns, 0), blocks)
    changing = stays > _LEAST_CHANGE
    if changing.sum() < _FEWEST_BLOCKS:
        return 1.0
    return float(np.median(1 - told[changing]) / np.median(stays[changing]))


def _flattest(before: Array, after: Array, chosen: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Where blocks begin that change least, but for those that are black or clipped."""
    change = after - before
    rough = block_means(change * change, _BLOCK, _BLOCK)
    chosen = chosen[: rough.shape[0], : rough.shape[1]]
    if not chosen.any():
        return np.empty(0, np.intp), np.empty(0, np.intp)
    chosen = chosen & (rough <= np.percentile(rough[chosen], 100 * FLATTEST))
    places = np.argwhere(chosen)
    places = places[:: max(1, len(places) // _MOST_BLOCKS)][:_MOST_BLOCKS] * _BLOCK
    return places[:, 0], places[:, 1]


def _told(
    before: Array, blocks: Array, rows: Array, columns: Array, drift: tuple[int, int]
) -> Array:
    """The share of each block's energy that the picture before tells, wherever within reach."""
    around = _patches(np.roll(before, drift, (0, 1)), rows, columns, _REACH)
    likeness = _correlated(around, blocks)
    energy = _correlated(around * around, np.ones_like(blocks))
    score = np.maximum(likeness, 0) ** 2 / np.maximum(energy, 1.0)
    best = score.reshape(len(blocks), -1).argmax(axis=1)
    # Not at the rim, beyond which the pixels around are not there.
    down, right = (np.clip(n, 1, 2 * _REACH - 1) for n in np.divmod(best, 2 * _REACH + 1))
    size = _BLOCK + 2
    nearest = sliding_window_view(around, (size, size), (1, 2))[
        np.arange(len(blocks)), down - 1, right - 1
    ]
    taps = sliding_window_view(nearest, (_BLOCK, _BLOCK), (1, 2)).reshape(len(blocks), 9, -1)
    wanted = blocks.reshape(len(blocks), -1, 1)
    products, targets = taps @ taps.transpose(0, 2, 1), taps @ wanted
    products += np.eye(9) * (1.0 + 1e-4 * np.trace(products, axis1=1, axis2=2)[:, None, None])
    explained = (targets * np.linalg.solve(products, targets)).sum(axis=(1, 2))
    told: Array = explained / np.maximum((wanted * wanted).sum(axis=(1, 2)), 1.0)
    return told


def _told_in_place(before: Array, blocks: Array) -> Array:
    """The share of each block's energy that the same place of the picture before tells."""
    energy, wanted = ((part * part).sum(axis=(1, 2)) for part in (before, blocks))
    told: Array = (before * blocks).sum(axis=(1, 2)) ** 2 / np.maximum(energy * wanted, 1.0)
    return told


def _patches(values: Array, rows: Array, columns: Array, reach: int) -> Array:
    """The blocks that begin there, with so much around them; nothing beyond the picture's edge."""
    size = _BLOCK + 2 * reach
    return sliding_window_view(np.pad(values, reach), (size, size))[rows, columns].astype(float)


def _correlated(around: Array, blocks: Array) -> Array:
    """The sum of products of each block and every place within what is around it."""
    shape = around.shape[1:]
    products = np.fft.rfft2(around) * np.fft.rfft2(blocks, s=shape).conj()
    return np.fft.irfft2(products, s=shape)[:, : 2 * _REACH + 1, : 2 * _REACH + 1]
