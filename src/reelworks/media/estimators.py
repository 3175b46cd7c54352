"""What pictures show, in numbers. Pure functions on arrays.

Luma planes are two-dimensional arrays of stored values, 8 to 16 bits. ``Scale`` says what the
values mean; levels come out as 8-bit full-scale levels, 0 (black) to 255 (white), so that one
threshold serves every depth and range.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[Any]
_BLOCK = 16
_LEAST_MOTION = 0.002
"""Share of a picture that must move before anything is said of its fields."""

_LAPLACIAN_GAIN = 6.0
"""What the 3×3 mask (1 −2 1 / −2 4 −2 / 1 −2 1) multiplies white noise by: √(1²·4+2²·4+4²)."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How stored values map to levels: bits of a sample, and whether all of them are used."""

    depth: int
    full: bool

    @property
    def unit(self) -> float:
        """Stored steps to one 8-bit level."""
        return float(1 << (self.depth - 8)) if self.depth >= 8 else 1.0

    def levels(self, stored: float) -> float:
        """A stored luma value as an 8-bit full-scale level."""
        value = stored / self.unit
        return value if self.full else (value - 16.0) * 255.0 / 219.0

    def step(self) -> float:
        """Stored steps to one full-scale level."""
        return self.unit if self.full else self.unit * 219.0 / 255.0


# --- Noise ----------------------------------------------------------------------------------------


def temporal_flatness(first: Plane, second: Plane, scale: Scale) -> float | None:
    """ "tflat": what changes between two consecutive pictures where nothing moves.

    Difference of the two → 3×3 Laplacian, which takes out slow changes of light → root mean
    square per 16×16 block ÷ (6·√2) → 20th percentile over the blocks that are neither black nor
    clipped. In full-scale levels; about the noise's sigma. None where no block is usable.

    Source: Immerkær's mask (1996) on the temporal difference; percentile as measured for this
    project.
    """
    difference = first.astype(np.float32) - second.astype(np.float32)
    return _flat_noise(difference, _usable(first, scale), 2.0**0.5 * scale.step())


def spatial_flatness(plane: Plane, scale: Scale) -> float | None:
    """The same of one picture: never below the noise, but texture adds to it. An upper bound."""
    return _flat_noise(plane.astype(np.float32), _usable(plane, scale), scale.step())


def noise_sigma(tflat: float, bound: float) -> float:
    """Standard deviation of the noise in levels: 1.09·tflat, for the 20th percentile lies 9 % under
    the mean (fitted on added noise of 3 to 11 levels); never more than the picture itself shows."""
    return 1.09 * min(tflat, bound)


def _flat_noise(
    values: NDArray[np.float32], usable: NDArray[np.bool_], gain: float
) -> float | None:
    filtered = _laplacian(values)
    rms = np.sqrt(_block_means(filtered * filtered)) / (_LAPLACIAN_GAIN * gain)
    chosen = rms[usable[: rms.shape[0], : rms.shape[1]]]
    return float(np.percentile(chosen, 20)) if chosen.size else None


def _laplacian(values: NDArray[np.float32]) -> NDArray[np.float32]:
    rows = values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:]
    result: NDArray[np.float32] = rows[:-2] - 2 * rows[1:-1] + rows[2:]
    return result


def _usable(plane: Plane, scale: Scale) -> NDArray[np.bool_]:
    """Blocks that can show noise: not the bars beside a picture, not burnt out."""
    means = _block_means(plane.astype(np.float32))
    low, high = (scale.levels(float(m)) for m in (0.0, scale.unit))
    shown = low + means / scale.unit * (high - low)
    result: NDArray[np.bool_] = (shown > 6.0) & (shown < 249.0)
    return result


def _block_means(values: NDArray[np.float32]) -> NDArray[np.float32]:
    height, width = (n // _BLOCK * _BLOCK for n in values.shape)
    blocks = values[:height, :width].reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    means: NDArray[np.float32] = blocks.mean(axis=(1, 3))
    return means


# --- Levels ---------------------------------------------------------------------------------------


def histogram(plane: Plane, depth: int) -> NDArray[np.int64]:
    """How often each stored value occurs, on every second line and column."""
    counts: NDArray[np.int64] = np.bincount(plane[::2, ::2].ravel(), minlength=1 << depth)
    return counts


def percentile(counts: NDArray[np.int64], share: float) -> int:
    """The stored value below which ``share`` of all samples lie."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, share * total[-1]))


# --- Damage by compression ------------------------------------------------------------------------


def blockiness(plane: Plane) -> float | None:
    """Step across the 8×8 grid ÷ step elsewhere, along rows and columns; about 1 without blocks.

    The step of a column is its mean absolute difference from the next; the median over columns
    is compared, so that a drawn edge that happens to lie on the grid does not count. Half a level
    is added to both, lest drawings without any texture divide by nothing. None for pictures too
    small to tell. Source: Wang, Sheikh, Bovik 2002, simplified.
    """
    if min(plane.shape) < 64:
        return None
    middle = _middle(plane).astype(np.float32)
    return float(np.mean([_grid_ratio(middle), _grid_ratio(middle.T)]))


def _middle(plane: Plane) -> Plane:
    """At most 512×1024 of it, on its grid: seams between bands would look like blocks."""
    top, left = (
        max(n - most, 0) // 2 // 8 * 8 for n, most in zip(plane.shape, (512, 1024), strict=True)
    )
    return plane[top : top + 512, left : left + 1024]


def _grid_ratio(values: NDArray[np.float32]) -> float:
    steps = np.abs(np.diff(values, axis=1)).mean(axis=0)
    on_grid = np.arange(steps.size) % 8 == 7
    return float((np.median(steps[on_grid]) + 0.5) / (np.median(steps[~on_grid]) + 0.5))


def blur_ratio(plane: Plane) -> float | None:
    """How much of the edges' strength lies in the finest detail: steps over one pixel ÷ steps over
    two, where the latter are in the top 2 %. 0.5 is a straight ramp (blurred), 1 a hard edge."""
    values = plane.astype(np.float32)
    if min(values.shape) < 16:
        return None
    one = np.maximum(
        np.abs(values[:, 1:-1] - values[:, :-2]), np.abs(values[:, 2:] - values[:, 1:-1])
    )
    two = np.abs(values[:, 2:] - values[:, :-2])
    strong = two >= max(float(np.percentile(two, 98)), 1.0)
    return float(one[strong].mean() / two[strong].mean()) if strong.any() else None


# --- Fields ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weave:
    """How rough the picture is as it stands, and with the other picture's lines woven in.

    Attributes:
        own: of the picture itself.
        top_first, bottom_first: after the lines between are taken from the neighbour that is
            nearest in time if the top, or the bottom, field came first; small where that is so.
    """

    own: float
    top_first: float
    bottom_first: float

    def order(self) -> str | None:
        """ "tff" or "bff" where it is clearly woven from two fields, "progressive" where it is
        clearly one picture, None where nothing moves enough to tell.

        Woven fields are half a picture apart in time: weaving in the right neighbour is as rough
        as the picture itself, weaving in the wrong one is rougher. One picture's own lines fit
        far better than any neighbour's.
        """
        near, far = sorted((self.top_first, self.bottom_first))
        if far == 0:
            return None
        if near > 1.5 * self.own:
            return "progressive"
        if far > 1.15 * near and near < 1.25 * self.own:
            return "tff" if self.top_first < self.bottom_first else "bff"
        return None


def weave(before: Plane, picture: Plane, after: Plane) -> Weave:
    """Measure three consecutive pictures. Source: the measure of FFmpeg's ``idet``."""
    a, b, c = (plane[:, ::2].astype(np.float32) for plane in (before, picture, after))
    moves = _moving(a, b, c)
    if moves.mean() < _LEAST_MOTION:
        return Weave(0.0, 0.0, 0.0)
    rough = {
        (name, parity): _roughness(b, other, parity, moves)
        for name, other in (("before", a), ("after", c))
        for parity in (0, 1)
    }
    own = (_roughness(b, b, 0, moves) + _roughness(b, b, 1, moves)) / 2
    # Top first: this picture's bottom lines are nearest to the next one's top lines, and its
    # top lines to the last one's bottom lines.
    return Weave(
        own + 0.05,
        (rough["after", 0] + rough["before", 1]) / 2 + 0.05,
        (rough["before", 0] + rough["after", 1]) / 2 + 0.05,
    )


def _moving(before: Plane, picture: Plane, after: Plane) -> NDArray[np.bool_]:
    """The 16×16 blocks that change by far more than noise: what stands still tells nothing of
    fields, and its texture would drown what does. Whole blocks, for the very pixels that change
    are the ones that fit worst wherever they are put."""
    changes = _block_means(np.minimum(np.abs(picture - before), np.abs(after - picture)))
    blocks = changes > 0.03 * max(float(np.ptp(picture)), 1.0)
    moving = blocks.repeat(_BLOCK, 0).repeat(_BLOCK, 1)
    height, width = (a - b for a, b in zip(picture.shape, moving.shape, strict=True))
    return np.pad(moving, [(0, height), (0, width)])


def _roughness(picture: Plane, other: Plane, parity: int, moves: NDArray[np.bool_]) -> float:
    """Of ``picture`` with ``other``'s lines of this parity woven in, where it moves."""
    start = 2 if parity == 0 else 1
    middle = other[start:-1:2]
    above, below = picture[start - 1 : -2 : 2], picture[start + 1 :: 2]
    count = min(len(middle), len(above), len(below))
    chosen = moves[start:-1:2][:count]
    if not chosen.any():
        return 0.0
    return float(np.abs(above[:count] + below[:count] - 2 * middle[:count])[chosen].mean())


# --- Colour ---------------------------------------------------------------------------------------


def casts(red: Plane, green: Plane, blue: Plane) -> tuple[tuple[float, float, float], ...]:
    """The colour of the light by three estimates, each as (red, green, blue) with mean 1.

    Grey-world (Buchsbaum 1980): the mean; shades of grey (Finlayson, Trezzi 2004): the Minkowski
    mean of order 6; grey-edge (van de Weijer 2007): the mean step between neighbours.
    """
    planes = [p.astype(np.float32) for p in (red, green, blue)]
    mean = [float(p.mean()) for p in planes]
    shades = [float((p**6).mean() ** (1 / 6)) for p in planes]
    edges = [float(np.abs(np.diff(p, axis=1)).mean()) for p in planes]
    return tuple(_balanced(estimate) for estimate in (mean, shades, edges))


def _balanced(rgb: list[float]) -> tuple[float, float, float]:
    mean = sum(rgb) / 3
    if mean == 0:
        return (1.0, 1.0, 1.0)
    red, green, blue = (value / mean for value in rgb)
    return (red, green, blue)


def same(first: Plane, second: Plane) -> bool:
    """Whether two pictures are the same, as held drawings and doubled pictures are."""
    return first.shape == second.shape and bool(np.array_equal(first[::4], second[::4]))


def neighbours(planes: list[Plane]) -> list[tuple[Plane, Plane]]:
    """The pairs of consecutive, equally large, different pictures."""
    pairs = pairwise(planes)
    return [(a, b) for a, b in pairs if a.shape == b.shape and not same(a, b)]
