"""Whether pictures are woven from two fields, and which field came first. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reelworks.media.probing.planes import Plane, block_means

LEAST_LINES = 120
"""Pictures of fewer are woven of no fields, unless they say so: half of what the smallest
television has."""

_BLOCK = 16
_LEAST_MOTION = 0.002
"""Share of a picture that must move before anything is said of its fields."""

_COMBED = 0.9
"""Roughness against that of its fields, from which a picture may show combs. One that was taken
whole is smoother, for its lines are nearer to each other; drawn lines come to 0.8."""

_AS_ROUGH = 1.04
"""Roughness with the right neighbour's lines, against the picture's own, up to which they fit as
well: then fields need show no combs, as where little moves."""

_MOVES = 0.01
"""By how much of the picture's range a block that moves changes."""


@dataclass(frozen=True, slots=True)
class Weave:
    """How rough the picture is as it stands, and with the other picture's lines woven in.

    Attributes:
        own: of the picture itself.
        top_first, bottom_first: after the lines between are taken from the neighbour that is
            nearest in time if the top, or the bottom, field came first; small where that is so.
        within: how rough its fields are, each by itself.
    """

    own: float
    top_first: float
    bottom_first: float
    within: float = 0.0

    def order(self, *, said: bool = False) -> str | None:
        """ "tff" or "bff" where it is clearly woven from two fields, "progressive" where it is
        clearly one picture, None where nothing moves enough to tell.

        Woven fields are half a picture apart in time: weaving in the right neighbour is as rough
        as the picture itself, weaving in the wrong one is rougher. Where it moves fast or
        unevenly, the right neighbour fits less well, and the wrong one far less. One picture's
        own lines fit far better than any neighbour's, and both neighbours' alike. Where it was
        drawn with lines as thin as its own, one neighbour may fit a little better; yet not as
        well, and there are no combs.

        Args:
            said: whether the stream itself says that it is of fields.
        """
        near, far = sorted((self.top_first, self.bottom_first))
        if far == 0:
            return None
        if near > 1.5 * self.own:
            return "progressive"
        if not said and near > _AS_ROUGH * self.own and self.own < _COMBED * self.within:
            return None
        if far > (1.06 if near < 1.25 * self.own else 1.25) * near:
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
    own = _own_roughness(b, moves)
    # Top first: this picture's bottom lines are nearest to the next one's top lines, and its
    # top lines to the last one's bottom lines.
    return Weave(
        own + 0.05,
        (rough["after", 0] + rough["before", 1]) / 2 + 0.05,
        (rough["before", 0] + rough["after", 1]) / 2 + 0.05,
        sum(_own_roughness(b[parity::2], moves[parity::2]) for parity in (0, 1)) / 2 + 0.05,
    )


def _moving(before: Plane, picture: Plane, after: Plane) -> NDArray[np.bool_]:
    """The 16×16 blocks that change by far more than noise: what stands still tells nothing of
    fields, and its texture would drown what does. Whole blocks, for the very pixels that change
    are the ones that fit worst wherever they are put."""
    changes = block_means(
        np.minimum(np.abs(picture - before), np.abs(after - picture)), _BLOCK, _BLOCK
    )
    blocks = changes > _MOVES * max(float(np.ptp(picture)), 1.0)
    moving = blocks.repeat(_BLOCK, 0).repeat(_BLOCK, 1)
    height, width = (a - b for a, b in zip(picture.shape, moving.shape, strict=True))
    return np.pad(moving, [(0, height), (0, width)])


def _own_roughness(picture: Plane, moves: NDArray[np.bool_]) -> float:
    """Of a picture, or of one of its fields, as it stands, where it moves."""
    return (_roughness(picture, picture, 0, moves) + _roughness(picture, picture, 1, moves)) / 2


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
