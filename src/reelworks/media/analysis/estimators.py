"""What pictures show, in numbers. Pure functions on arrays.

Luma planes are two-dimensional arrays of stored values, 8 to 16 bits. ``Scale`` says what the
values mean; levels come out as 8-bit full-scale levels, 0 (black) to 255 (white), so that one
threshold serves every depth and range.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from reelworks.media.probing.planes import Plane, block_means, half, middle

_BLOCK = 16
FLATTEST, FLATTER = 0.2, 0.4
"""Shares of the blocks: one that is hardly more than noise in most pictures; and one for pictures
whose flattest parts an encoder has emptied, as it does where it skips a block."""

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

    @property
    def black(self) -> float:
        """The stored value of black."""
        return 0.0 if self.full else 16.0 * self.unit

    def levels(self, stored: float) -> float:
        """A stored luma value as an 8-bit full-scale level."""
        return (stored - self.black) / self.step()

    def step(self) -> float:
        """Stored steps to one full-scale level."""
        return self.unit if self.full else self.unit * 219.0 / 255.0


# --- Noise ----------------------------------------------------------------------------------------


Blocks = NDArray[np.float32]
"""A value for each block."""


@dataclass(frozen=True, slots=True)
class Flatness:
    """What two consecutive pictures show where they show little, in full-scale levels.

    Of white noise all four read about sigma ÷ 1.09.

    Attributes:
        temporal: of the difference of the two: what changes where nothing moves.
        spatial: of one picture: never less than the noise, but texture adds to it.
        coarse_temporal, coarse_spatial: the same of pictures at half the size. Compression takes
            the finest part of noise away first, and this part last.
    """

    temporal: float
    spatial: float
    coarse_temporal: float
    coarse_spatial: float


@dataclass(frozen=True, slots=True)
class Roughness:
    """As ``Flatness``, for each 16×16 block that is neither black nor clipped.

    Root mean square after a 3×3 Laplacian, ÷ what that makes of white noise of one level. Source:
    Immerkær's mask (1996) on the temporal difference; the coarse octave as measured for this
    project.
    """

    temporal: Blocks
    spatial: Blocks
    coarse_temporal: Blocks
    coarse_spatial: Blocks

    def flatness(self, share: float = FLATTEST) -> Flatness:
        """What the flattest share of the blocks shows at most: its percentile."""
        blocks = (self.temporal, self.spatial, self.coarse_temporal, self.coarse_spatial)
        return Flatness(*(float(np.percentile(values, 100 * share)) for values in blocks))


def roughness(first: Plane, second: Plane, scale: Scale) -> Roughness | None:
    """Measure two consecutive pictures; None where no block is usable."""
    fine = _rough_pair(first, second, scale)
    coarse = _rough_pair(half(first), half(second), scale)
    if fine is None or coarse is None:
        return None
    # Halving averages four samples, which halves the sigma of white noise.
    return Roughness(*fine, 2 * coarse[0], 2 * coarse[1])


def noise_sigma(flat: Flatness) -> float:
    """Standard deviation of the noise in levels: 1.09 × the temporal flatness, for the 20th
    percentile lies 9 % under the mean (fitted on added noise of 3 to 20 levels; of the 40th it
    reads 7 % more); never more than the picture itself shows."""
    return 1.09 * min(flat.temporal, flat.spatial)


def noise_coarseness(flat: Flatness) -> float:
    """Noise at half the size ÷ noise at full size: 1 for white noise, about 2 for noise that went
    through a lossy encoder. At least 1."""
    coarse = min(flat.coarse_temporal, flat.coarse_spatial)
    fine = min(flat.temporal, flat.spatial)
    return max(1.0, coarse / fine) if fine > 0 else 1.0


def _rough_pair(first: Plane, second: Plane, scale: Scale) -> tuple[Blocks, Blocks] | None:
    chosen = usable(first, scale)
    difference = first.astype(np.float32) - second
    temporal = _rough(difference, chosen, 2.0**0.5 * scale.step())
    spatial = _rough(second.astype(np.float32), chosen, scale.step())
    return None if temporal is None or spatial is None else (temporal, spatial)


def _rough(values: NDArray[np.float32], usable: NDArray[np.bool_], gain: float) -> Blocks | None:
    if min(values.shape) < _BLOCK + 2:
        return None
    filtered = laplacian(values)
    rms = np.sqrt(block_means(filtered * filtered, _BLOCK, _BLOCK)) / (_LAPLACIAN_GAIN * gain)
    chosen: Blocks = rms[usable[: rms.shape[0], : rms.shape[1]]].astype(np.float32)
    return chosen if chosen.size else None


def laplacian(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The finest detail: the 3×3 mask (1 −2 1 / −2 4 −2 / 1 −2 1) at every inner pixel."""
    rows = values[:, :-2] - 2 * values[:, 1:-1] + values[:, 2:]
    result: NDArray[np.float32] = rows[:-2] - 2 * rows[1:-1] + rows[2:]
    return result


def usable(plane: Plane, scale: Scale) -> NDArray[np.bool_]:
    """Blocks that can show noise: not the bars beside a picture, not burnt out."""
    means = block_means(plane, _BLOCK, _BLOCK)
    low, high = (scale.levels(float(m)) for m in (0.0, scale.unit))
    shown = low + means / scale.unit * (high - low)
    result: NDArray[np.bool_] = (shown > 6.0) & (shown < 249.0)
    return result


# --- Levels ---------------------------------------------------------------------------------------


_BAR = 2.0
"""Levels by which a bar may differ from black, and from itself."""

Box = tuple[slice, slice]
"""Rows and columns of a picture."""


def inside_bars(plane: Plane, scale: Scale) -> Box | None:
    """The picture without the black bars above, below and beside it; None of a black one."""
    low, high = (scale.black + edge * scale.step() for edge in (-_BAR, _BAR))
    rows = _shown(plane.min(axis=1) < low, plane.max(axis=1) > high)
    if rows is None:
        return None
    part = plane[rows]
    columns = _shown(part.min(axis=0) < low, part.max(axis=0) > high)
    return None if columns is None else (rows, columns)


def _shown(darker: NDArray[np.bool_], lighter: NDArray[np.bool_]) -> slice | None:
    """From the first to the last line that is no bar."""
    lines = np.flatnonzero(darker | lighter)
    return slice(int(lines[0]), int(lines[-1]) + 1) if lines.size else None


def histogram(plane: Plane, depth: int) -> NDArray[np.int64]:
    """How often each value occurs among the means of 4×4 samples: noise, and lights of a few
    pixels, do not pass for the range of the picture."""
    means = half(half(plane)) if min(plane.shape) >= 4 else plane
    values = np.rint(means).astype(np.int64)
    counts: NDArray[np.int64] = np.bincount(values.ravel(), minlength=1 << depth)
    return counts


def pixel_histogram(plane: Plane, depth: int) -> NDArray[np.int64]:
    """How often each value occurs among single samples, of every second line."""
    counts: NDArray[np.int64] = np.bincount(plane[::2].ravel(), minlength=1 << depth)
    return counts


def percentile(counts: NDArray[np.int64], share: float) -> int:
    """The stored value below which ``share`` of all samples lie."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, share * total[-1]))


# --- Drawn pictures -------------------------------------------------------------------------------


_LEAST_PLAIN, _ALONE = 0.05, 2.0
_NEAR_BLACK, _NEAR_WHITE, _NEAR_END = 8.0, 3.0, 6.0


@dataclass(frozen=True, slots=True)
class Plain:
    """The share of a picture in plain colours: areas of one value that nothing shades, as screens,
    slides and drawings have. On whatever was taken with a camera, light falls unevenly.

    What was burnt out or is black is as plain in pictures of a camera: neither counts.

    Attributes:
        shown: in colours between black and what is brightest in the picture.
        within: in those that are not its darkest either, which may be a black that was lifted.
    """

    shown: float
    within: float


def plain(plane: Plane, scale: Scale) -> Plain:
    """Find the plain colours of a picture: values, of 8 bits, at which at least a twentieth of its
    pixels are the same as all four neighbours, and which are twice as frequent as what is
    close to them. Photographs have none: skies and walls have values beside each other."""
    eight = Scale(8, scale.full)
    values = (plane >> (scale.depth - 8)).astype(np.uint8)
    inner = values[1:-1, 1:-1]
    level = np.ones(inner.shape, bool)
    for beside in (values[1:-1, :-2], values[1:-1, 2:], values[:-2, 1:-1], values[2:, 1:-1]):
        level &= inner == beside
    counts = np.bincount(values.ravel(), minlength=256)
    low, high = (eight.levels(percentile(counts, share)) for share in (0.005, 0.995))
    found = _spikes(np.bincount(inner[level], minlength=256), counts)
    shown = [(v, n) for v, n in found if _NEAR_BLACK < eight.levels(v) < high - _NEAR_WHITE]
    within = [n for v, n in shown if eight.levels(v) > low + _NEAR_END]
    return Plain(sum(n for _, n in shown) / values.size, sum(within) / values.size)


def _spikes(areas: NDArray[np.int64], counts: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Values that areas have and hardly anything beside them, and how many pixels that is. An
    encoder moves some by a step, which counts as the same value."""
    near = np.convolve(areas, np.ones(3, int), "same")
    beside = np.convolve(counts, (1, 1, 0, 0, 0, 1, 1), "same")
    highest = areas >= np.maximum(np.roll(areas, 1), np.roll(areas, -1))
    plain = highest & (near >= _LEAST_PLAIN * counts.sum()) & (near >= _ALONE * beside)
    return [(value, int(near[value])) for value in np.flatnonzero(plain).tolist()]


# --- Damage by compression ------------------------------------------------------------------------


def blockiness(plane: Plane) -> float | None:
    """Step across the 8×8 grid ÷ step elsewhere, along rows and columns; about 1 without blocks.

    The step of a column is its mean absolute difference from the next; the median over columns
    is compared, so that a drawn edge that happens to lie on the grid does not count. Elsewhere is
    where the steps are largest, of the seven columns beside the grid's: stripes, and pixels that
    were enlarged four times, have edges on the grid and between its lines as well. Half a level
    is added to both, lest drawings without any texture divide by nothing. None for pictures too
    small to tell. Source: Wang, Sheikh, Bovik 2002, simplified.
    """
    if min(plane.shape) < 64:
        return None
    # Not of bands: the seams between them would look like blocks.
    part = middle(plane, 512, 1024, grid=8).astype(np.float32)
    return float(np.mean([_grid_ratio(part), _grid_ratio(part.T)]))


def _grid_ratio(values: NDArray[np.float32]) -> float:
    steps = np.abs(np.diff(values, axis=1)).mean(axis=0)
    *elsewhere, on_grid = (float(np.median(steps[phase::8])) for phase in range(8))
    return (on_grid + 0.5) / (max(elsewhere) + 0.5)


_ROUNDING = 1 / 12
"""Variance of what rounding to whole steps adds."""


def sharpness(plane: Plane, scale: Scale) -> float | None:
    """Energy of the finest octave ÷ energy of the next: 0.25 and more in sharp pictures, whatever
    they show; 0.15 and less after a Gaussian blur of 1.2 pixels and more.

    The energy of an octave is the mean square of what a (1 2 1) ÷ 4 mask takes out, along rows and
    columns, less what rounding puts there; the next octave is that of the picture at half its size.
    Natural pictures have about as much energy in every octave (Field 1987), and a blur takes most
    from the finest. None where there is too little detail to tell.
    """
    fine, coarse = _octaves(plane)
    if coarse < _LEAST_DETAIL * scale.unit**2:
        return None
    return max(0.0, fine / coarse)


def sharpest(plane: Plane, scale: Scale) -> float | None:
    """The same of the sharpest part of a picture, of nine that have some of its detail: what a lens
    was focused on, however soft the rest is. None where there is too little detail to tell."""
    parts = [p for rows in np.array_split(plane, 3) for p in np.array_split(rows, 3, axis=1)]
    octaves = [_octaves(part) for part in parts]
    mean = float(np.mean([coarse for _, coarse in octaves]))
    least = max(_LEAST_DETAIL * scale.unit**2, _SOME_DETAIL * mean)
    return max((fine / coarse for fine, coarse in octaves if coarse >= least), default=None)


_LEAST_DETAIL = 0.1
_SOME_DETAIL = 0.25
_MASK_GAIN = 0.375
"""What (−1 2 −1) ÷ 4 makes of the variance of white noise."""


def _octaves(plane: Plane) -> tuple[float, float]:
    """Energy of the finest octave, and of the next; none of what is too small to have them."""
    if min(plane.shape) < 32:
        return 0.0, 0.0
    fine = _octave(plane.astype(np.float32)) - _MASK_GAIN * _ROUNDING
    return fine, _octave(half(plane)) - _MASK_GAIN * _ROUNDING / 4


def _octave(values: NDArray[np.float32]) -> float:
    rows = 2 * values[:, 1:-1] - values[:, :-2] - values[:, 2:]
    columns = 2 * values[1:-1] - values[:-2] - values[2:]
    # The mask's ÷ 4 is left to the end, and the mean is that of both directions.
    return float((np.mean(rows * rows) + np.mean(columns * columns)) / (2 * 4**2))


# --- Pairs of pictures ----------------------------------------------------------------------------


def same(first: Plane, second: Plane) -> bool:
    """Whether two pictures are the same, as held drawings and doubled pictures are."""
    return first.shape == second.shape and bool(np.array_equal(first[::4], second[::4]))


def neighbours(planes: list[Plane]) -> list[tuple[Plane, Plane]]:
    """The pairs of consecutive, equally large, different pictures."""
    pairs = pairwise(planes)
    return [(a, b) for a, b in pairs if a.shape == b.shape and not same(a, b)]
