"""The same work on one file, at once and without a server: the command line's way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from reelworks.errors import BadRequest
from reelworks.media.check import check
from reelworks.media.enhance import Report, decide, enhance_to
from reelworks.media.facts import Toolbox
from reelworks.media.options import Options
from reelworks.media.probe import probe

Show = Callable[[int, int], None]
"""Told how many frames are done, of how many."""


@dataclass(frozen=True, slots=True)
class Enhanced:
    """An enhanced file: where it is, and what was done."""

    path: Path
    report: Report


def enhance_file(
    tools: Toolbox, source: Path, output: Path | None, options: Options, show: Show
) -> Enhanced:
    """Make a better version of a file.

    Args:
        output: where to write it; None for a name beside the source.
        options: what is wished for.

    Raises:
        BadRequest: the source is not there or no video, or the result does not fit the name.
        MediaError: the work did not succeed; nothing was written.
    """
    _require_file(source)
    check(tools, source)
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, options, name=(output or source).name)
    if output is not None and output.exists() and output.samefile(source):
        raise BadRequest(f"{output} is the source itself; name another file.")
    target = output or source.with_name(f"{source.stem}_enhanced.{plan.extension}")
    _require_fitting(target, plan.extension)
    total = found.timing.packets if found.timing else 0
    with _draft(target) as draft:
        report = enhance_to(tools, source, found, plan, draft, lambda done: show(done, total))
        draft.replace(target)
    return Enhanced(target, report)


def _require_file(source: Path) -> None:
    if not source.is_file():
        raise BadRequest(f"There is no file {source}.")


def _require_fitting(target: Path, extension: str) -> None:
    if target.suffix[1:].lower() != extension:
        raise BadRequest(
            f"The result of this video is a .{extension} file; name it {target.stem}.{extension}."
        )


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A path on the target's disk, so that the finished file can be renamed into place."""
    if not os.access(target.parent, os.W_OK):
        raise BadRequest(f"The folder {target.parent} cannot be written to.")
    with TemporaryDirectory(dir=target.parent, prefix=".reelworks-") as folder:
        yield Path(folder) / target.name
