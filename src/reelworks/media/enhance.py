"""Enhances a file from end to end, for the command line and the jobs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from reelworks.media.analysis.analyse import Analysis, analyse
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.deciding.planning import make_plan
from reelworks.media.encoding.chunks import join
from reelworks.media.encoding.encode import encode
from reelworks.media.facts import Probe
from reelworks.media.probing.opening import shown_size
from reelworks.media.report import Rendered
from reelworks.media.verifying.verify import verify


def decide(
    tools: Toolbox, path: Path, probe: Probe, options: Options, name: str | None = None
) -> Plan:
    """Look at a file and decide what is to be done with it.

    Args:
        probe: of the file, with its packets counted.
        options: what is wished for.
        name: what the file was called when it was uploaded; its own name where left out.
    """
    return make_plan(probe, look(tools, path, probe), name or path.name, options)


def look(tools: Toolbox, path: Path, probe: Probe) -> Analysis:
    """What the file's pictures show."""
    return replace(analyse(tools, path, probe), shown=shown_size(tools, path, probe))


def enhance_to(
    tools: Toolbox,
    source: Path,
    probe: Probe,
    plan: Plan,
    target: Path,
    on_progress: Callable[[int], None],
) -> Rendered:
    """Carry out a plan, and check the result.

    Args:
        target: where the result is written; its name's extension does not matter.
        on_progress: told how many pictures are done so far.

    Raises:
        WrongResult: the result is not what was planned.
        ChildFailed, ChildHung, WorkStopped: as from ``Children.run``.
    """
    if plan.action == "copy":
        shutil.copyfile(source, target)
        return Rendered(size_bytes=target.stat().st_size, frames=None, exact=True)
    frames = encode(tools, probe, plan, source, target, on_progress)
    return _checked(tools, source, probe, plan, target, frames)


def finish(
    tools: Toolbox,
    source: Path,
    probe: Probe,
    plan: Plan,
    parts: Sequence[Path],
    target: Path,
    on_progress: Callable[[int], None],
) -> Rendered:
    """Put together what ``chunks.encode_span`` made, and check the result.

    Args:
        parts: of all spans, in order.
        target, on_progress: as for ``enhance_to``.

    Raises:
        WrongResult: the parts do not fit together, or the result is not what was planned; encoding
            the whole may still succeed.
        ChildFailed, ChildHung, WorkStopped: as from ``Children.run``.
    """
    frames = join(tools, probe, plan, parts, source, target, on_progress)
    return _checked(tools, source, probe, plan, target, frames)


def _checked(
    tools: Toolbox, source: Path, probe: Probe, plan: Plan, target: Path, frames: int
) -> Rendered:
    verified = verify(tools, source, probe, plan, target, frames)
    return Rendered(size_bytes=target.stat().st_size, frames=frames, exact=verified.exact)
