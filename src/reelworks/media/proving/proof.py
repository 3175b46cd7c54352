"""Proof for the user: how close a result is to its source, and stills that show both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelworks.media.children.call import call
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Probe
from reelworks.media.formats import demuxers

if TYPE_CHECKING:
    from reelworks.media.children.child import Moved

_STALL_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Fidelity:
    """How close a result is to its source, over sampled pictures, in 8-bit luma.

    Attributes:
        identical: whether there is no difference at all.
        psnr_y: peak signal-to-noise ratio of the mean error, in dB; None where identical.
        ssim_y: mean structural similarity, 1 where identical; None for pictures under 8×8 pixels.
        frames: how many pictures were compared.
    """

    identical: bool
    psnr_y: float | None
    ssim_y: float | None
    frames: int


SAME = Fidelity(identical=True, psnr_y=None, ssim_y=1.0, frames=0)
"""Of a file that was copied: nothing needs to be decoded to know it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Proof:
    """What was found and written.

    Attributes:
        fidelity: None where no picture of the source was found in the result.
        poster, compare: whether the still was written.
    """

    fidelity: Fidelity | None = None
    poster: bool = False
    compare: bool = False


def prove(
    tools: Toolbox,
    source: Path,
    probe: Probe,
    result: Path,
    *,
    is_copy: bool,
    exact: bool,
    poster: Path | None = None,
    compare: Path | None = None,
) -> Proof:
    """Compare a result with its source in up to eight places, and show a telling picture of both.

    Args:
        probe: of the source, with its packets counted.
        is_copy: whether the result is the source, byte for byte.
        exact: whether its times are the source's, one by one.
        poster: where a still of the result goes: JPEG, at most 1280 pixels a side.
        compare: where the picture before (left) and after (right) goes: JPEG, or PNG by its name;
            at most 1920 pixels a side for each half.

    Raises:
        ChildFailed, ChildHung, WorkStopped: as from ``call``.
    """
    if is_copy and not poster and not compare:
        return Proof(fidelity=SAME)
    timing = probe.timing
    if probe.demuxer in demuxers.NUMBERED:
        exact = False
    found = call(
        tools,
        "prove",
        reads=[source, result],
        writes={picture.parent for picture in (poster, compare) if picture},
        stall_seconds=_STALL_SECONDS,
        source=str(source),
        index=probe.picture.index,
        result=None if is_copy else str(result),
        count=probe.pictures,
        seconds=str(timing.duration if timing else probe.duration),
        exact=timing is not None and timing.sound if is_copy else exact,
        poster=str(poster) if poster else None,
        compare=str(compare) if compare else None,
    )
    fidelity = Fidelity(**found["fidelity"]) if found["fidelity"] else None
    return Proof(
        fidelity=SAME if is_copy else fidelity, poster=found["poster"], compare=found["compare"]
    )


def task(moved: Moved, **arguments: Any) -> dict[str, Any]:
    """The child's side; imported late, for libav is loaded there only."""
    from reelworks.media.proving import proving

    return proving.prove(moved, **arguments)
