"""Holds what is encoded of an undamaged source to about that source's size.

A bound on the bits a second would spoil what moves among slides and screens, whose bits come in
bursts. A coarser factor spreads fewer bits as the pictures want them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from reelworks.media.deciding.encoders import BY_NAME
from reelworks.media.deciding.plan import Plan

_MOST, _WANTED = 1.4, 1.25
"""Times the source's bytes: from where on it is encoded once more, and what is aimed at then."""

_CONTAINER = 4_000
"""Bytes that a container may take however little is in it."""

_GOES = 3
"""The first included; one more than is needed as a rule."""


def bounded(
    plan: Plan, source_bytes: int, encode: Callable[[Plan], int], made_bytes: Callable[[], int]
) -> int:
    """Encode as planned, and more coarsely where the plan is bounded and that came out too large.

    Args:
        source_bytes: of the source's pictures; 0 where that is not known.
        encode: encodes as a plan says, and says how many pictures that were.
        made_bytes: of the pictures that were encoded last.
    """
    frames = encode(plan)
    if not plan.bounded or source_bytes == 0:
        return frames
    encoder = BY_NAME[plan.encoder]
    for _ in range(1, _GOES):
        times = (made_bytes() - _CONTAINER) / source_bytes
        if times <= _MOST:
            break
        options = encoder.coarser(plan.encoder_options, times / _WANTED)
        plan = replace(plan, encoder_options=options)
        frames = encode(plan)
    return frames
