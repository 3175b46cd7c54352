"""Checks a result before it is published: nothing missing, nothing moved, everything decodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelworks.media import pixels
from reelworks.media.call import call
from reelworks.media.facts import Picture, Probe, Toolbox
from reelworks.media.plan import Plan

if TYPE_CHECKING:
    from reelworks.media.child import Moved


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What was checked.

    Attributes:
        packets: pictures that the result has.
        decoded: how many of them were decoded.
        exact: whether their timestamps were compared one by one with the source's.
    """

    packets: int
    decoded: int
    exact: bool


def verify(
    tools: Toolbox, source: Path, probe: Probe, plan: Plan, result: Path, frames: int
) -> Verified:
    """Check an encoded result against its source and its plan.

    Args:
        frames: how many pictures were encoded.

    Raises:
        WrongResult: it is not what it should be; the sentence says in what.
        ChildFailed, ChildHung, WorkStopped: as from ``call``.
    """
    values = call(
        tools,
        "verify",
        source=str(source),
        result=str(result),
        frames=frames,
        main=probe.picture.index,
        # AVI has no presentation times; where pictures are reordered, decoders make them up.
        exact=plan.retime is None and probe.timing is not None and probe.container != "avi",
        audio=[[track.index, track.codec == "copy"] for track in plan.audio],
        subtitles=len(plan.subtitles),
        picture=expected_picture(probe.picture, plan),
    )
    return Verified(**values)


def expected_picture(picture: Picture, plan: Plan) -> dict[str, Any]:
    """What the result's pictures must be, as ``Picture`` names it."""
    form = pixels.describe(picture.pixel_format)
    aspect = picture.sample_aspect
    if picture.rotation in (90, 270) and aspect != 0:
        aspect = 1 / aspect
    expected: dict[str, Any] = {
        "width": plan.width,
        "height": plan.height,
        "rotation": 0,
        "sample_aspect": str(aspect if aspect > 0 else 1),
        "bit_depth": pixels.depth_of(plan.pixel_format),
    }
    if form is not None and form.family in ("yuv", "gray"):
        expected |= {"range": picture.range, "transfer": picture.transfer}
        expected |= {"matrix": picture.matrix, "primaries": picture.primaries}
    if picture.hdr:
        expected["hdr"] = sorted(picture.hdr)
    return expected


def task(moved: Moved, **arguments: Any) -> dict[str, Any]:
    """The child's side; imported late, for libav is loaded there only."""
    from reelworks.media.checking import check_result

    return check_result(moved, **arguments)
