"""Checks a result before it is published: nothing missing, nothing moved, everything decodes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelworks.media.children.call import call
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.chapters import kept_chapters
from reelworks.media.deciding.immersion import keeps_sphere
from reelworks.media.deciding.keeping import Track
from reelworks.media.deciding.plan import Plan, enlargement
from reelworks.media.deciding.tags import kept_tags
from reelworks.media.encoding.command import is_reordered, is_reordered_avi
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats import containers, demuxers, pixels
from reelworks.media.formats.containers import Container
from reelworks.media.formats.languages import canonical
from reelworks.media.probing import wire

if TYPE_CHECKING:
    from reelworks.media.children.child import Moved


_GUESSED = demuxers.RAW | {"mpeg"}
"""Of these, no picture or not every one has a time; libav guesses, each version in its way."""


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
    counted = is_reordered_avi(probe)
    values = call(
        tools,
        "verify",
        reads=[source, result],
        source=str(source),
        result=str(result),
        frames=frames,
        main=probe.picture.index,
        clock={
            "exact": plan.retime is None and probe.timing is not None,
            "decoding": demuxers.tells_decoding(probe.demuxer, reordered=is_reordered(probe)),
            "counted": counted,
            "sure": not counted and probe.demuxer not in _GUESSED,
            "apart": probe.apart,
            "pictures": probe.pictures,
        },
        expected=expectation(probe, plan),
    )
    return Verified(**values)


def expectation(probe: Probe, plan: Plan) -> dict[str, Any]:
    """What the plan promises of the result, as JSON values. Pure."""
    box = containers.BY_EXTENSION[plan.extension]
    return {
        "picture": expected_picture(probe.picture, plan),
        "audio": [_marks(track, box) for track in plan.audio],
        "subtitle": [_marks(track, box) for track in plan.subtitles],
        "tags": kept_tags(probe, box, long_list=plan.all_tags),
        "chapters": wire.pack(kept_chapters(probe)) if plan.chapters else [],
        "covers": list(plan.pictures),
        "attachments": len(plan.attachments),
    }


def _marks(track: Track, box: Container) -> dict[str, Any]:
    """What is expected of a track; None is not looked at."""
    return {
        "index": track.index,
        "copied": track.codec == "copy",
        "language": canonical(track.language) if box.languages != "none" else None,
        "default flag": track.default,
        "forced flag": track.forced,
        "title": track.title,
    }


def expected_picture(picture: Picture, plan: Plan) -> dict[str, Any]:
    """What the result's pictures must be, as ``Picture`` names it."""
    form = pixels.describe(picture.pixel_format)
    expected: dict[str, Any] = {
        "width": plan.width,
        "height": plan.height,
        "rotation": 0,
        "sample_aspect": str(picture.displayed_aspect),
        "bit_depth": pixels.depth_of(plan.pixel_format),
        "pixel_format": plan.pixel_format,
        "alpha": "yuva" in plan.pixel_format,
    }
    if form is not None and form.family in ("yuv", "gray"):
        expected |= {"range": picture.range, "transfer": picture.transfer}
        expected |= {
            "matrix": picture.matrix_at(enlargement(plan.filters)),
            "primaries": picture.primaries,
        }
    if picture.hdr:
        expected["hdr"] = picture.hdr
    if keeps_sphere(picture, containers.BY_EXTENSION[plan.extension], plan.filters):
        expected["spherical"] = True
    return expected


def task(moved: Moved, **arguments: Any) -> dict[str, Any]:
    """The child's side; imported late, for libav is loaded there only."""
    from reelworks.media.verifying.checking import check_result

    return check_result(moved, **arguments)
