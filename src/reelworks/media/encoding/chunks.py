"""Encodes a long film in parts, which many machines can do at once, and joins them.

The parts have one plan, and no seam: filters see the same neighbours as in the whole film, and the
joined result has every picture at the source's own time. See docs/decisions/0023.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from reelworks.errors import WrongResult
from reelworks.media.children.call import call
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.bounding import bounded
from reelworks.media.encoding.command import join_command, span_command
from reelworks.media.encoding.cutting import Span, lead_of, whole
from reelworks.media.encoding.encode import carry_out, taken_covers
from reelworks.media.facts import Probe

__all__ = ["Span", "cut", "encode_span", "join"]


def cut(tools: Toolbox, path: Path, probe: Probe, plan: Plan) -> tuple[Span, ...]:
    """The parts of a film to encode apart; one where cutting does not pay or is not safe.

    Args:
        probe: of the file, with its packets counted.

    Raises:
        ChildFailed, ChildHung, WorkStopped: as from ``call``.
    """
    lead = lead_of(probe, plan)
    if lead is None:
        return (whole(probe.pictures),)
    packed = call(tools, "cut", reads=[path], path=str(path), main=probe.picture.index, lead=lead)
    return tuple(Span.unpack(span) for span in packed)


def encode_span(
    tools: Toolbox,
    probe: Probe,
    plan: Plan,
    span: Span,
    source: Path,
    target: Path,
    on_progress: Callable[[int], None],
) -> int:
    """Encode the pictures of a span, and only these, into ``target``. May be run twice.

    Args:
        span: one of several that ``cut`` made; a film of one part goes to ``encode``.
        on_progress: told how many of its pictures are encoded so far.

    Returns:
        How many pictures the part has.

    Raises:
        WrongResult: they are not as many as they should be: the film cannot be cut there.
        ChildFailed, ChildHung, WorkStopped: as from ``Children.run``.
    """

    def attempt(plan: Plan) -> int:
        command = span_command(tools.ffmpeg, probe, plan, span, source, target)
        return carry_out(tools, command, [source], target, on_progress)

    frames = bounded(plan, span.size_bytes, attempt, lambda: target.stat().st_size)
    if frames != span.frames:
        raise WrongResult(
            f"Part {span.number + 1} has {frames} pictures in place of {span.frames}."
        )
    return frames


def join(
    tools: Toolbox,
    probe: Probe,
    plan: Plan,
    parts: Sequence[Path],
    source: Path,
    target: Path,
    on_progress: Callable[[int], None],
) -> int:
    """Put encoded parts and everything else of the source together, as ``encode`` would have.

    Pictures are copied. For a while, ``target``'s folder holds them once more.

    Args:
        parts: of all spans, in order.
        on_progress: told how many pictures are in the result so far.

    Returns:
        How many pictures the result has.

    Raises:
        WrongResult: the parts do not fit to each other, or to the source; the whole may be encoded.
        ChildFailed, ChildHung, WorkStopped: as from ``Children.run``.
    """
    early = probe.timing.early if probe.timing else Fraction()
    with TemporaryDirectory(prefix="reelworks-join-", dir=target.parent) as folder:
        pictures = Path(folder) / "pictures"
        since = call(
            tools,
            "splice",
            reads=[source, *parts],
            writes=[Path(folder)],
            source=str(source),
            main=probe.picture.index,
            early=str(early),
            parts=[str(part) for part in parts],
            target=str(pictures),
        )
        covers = taken_covers(tools, plan, source, Path(folder))
        command = join_command(
            tools.ffmpeg, probe, plan, pictures, Fraction(since), source, target, covers
        )
        return carry_out(tools, command, [source, pictures, *covers], target, on_progress)
