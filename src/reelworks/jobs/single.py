"""The same work on one file, at once and without a server: the command line's way."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from reelworks.errors import ChildFailed, MediaError
from reelworks.jobs.places import (
    require_fitting,
    require_picture,
    require_place,
    require_writable,
)
from reelworks.media.children.tools import Toolbox
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.enhance import decide, enhance_to
from reelworks.media.facts import Probe
from reelworks.media.probing.check import check
from reelworks.media.probing.probe import probe
from reelworks.media.proving.proof import Proof, prove
from reelworks.media.report import Previews, Rendered, Report, report

Show = Callable[[int, int], None]
"""Told how many frames are done, of how many."""


@dataclass(frozen=True, slots=True)
class Enhanced:
    """An enhanced file: where it is, and what was done."""

    path: Path
    report: Report


def enhance_file(
    tools: Toolbox,
    source: Path,
    output: Path | None,
    preset: str,
    options: Options,
    show: Show,
    *,
    compare: Path | None = None,
) -> Enhanced:
    """Make a better version of a file.

    Args:
        source: a file that is there.
        output: where to write it; None for a name beside the source.
        preset: the name of the preset that the options were made from.
        options: what is wished for.
        compare: where to write a picture of before and after, too; None for none.

    Raises:
        BadRequest: the source is no video, or the result does not fit the name.
        MediaError: the work did not succeed. Nothing was written, unless the sentence says so.
    """
    if output is None:
        require_writable(source.parent)
    else:
        require_place(output, source)
    if compare is not None:
        require_picture(compare, source)
    check(tools, source)
    found = probe(tools, source, count=True)
    plan = decide(tools, source, found, options, name=(output or source).name)
    target = output or source.with_name(f"{source.stem}_enhanced.{plan.extension}")
    require_fitting(target, plan.extension)
    total = found.pictures
    with _draft(target) as draft:
        rendered = enhance_to(tools, source, found, plan, draft, lambda done: show(done, total))
        draft.replace(target)
    done = _Done(found, preset, options, plan, rendered)
    return Enhanced(target, _proved(tools, source, target, done, compare))


@dataclass(frozen=True, slots=True)
class _Done:
    """What was made of what."""

    source: Probe
    preset: str
    options: Options
    plan: Plan
    rendered: Rendered


def _proved(
    tools: Toolbox, source: Path, target: Path, done: _Done, compare: Path | None
) -> Report:
    """What came of it, and the picture where one is wished for. The result is written already."""
    proof, notes = Proof(), tuple[str, ...]()
    try:
        proof = _prove(tools, source, target, done, compare)
    except MediaError as error:
        if compare is not None:
            raise ChildFailed(
                f"{target} was written, but the picture {compare} could not be made. {error}",
                log=error.log,
            ) from error
        notes = (f"It could not be compared with its source. {error}",)
    return report(
        done.plan,
        done.source,
        preset=done.preset,
        options=done.options,
        rendered=done.rendered,
        proof=proof,
        previews=Previews(compare=str(compare) if compare else None),
        notes=notes,
    )


def _prove(tools: Toolbox, source: Path, target: Path, done: _Done, compare: Path | None) -> Proof:
    is_copy = done.plan.action == "copy"
    proving = partial(
        prove, tools, source, done.source, target, is_copy=is_copy, exact=done.rendered.exact
    )
    if compare is None:
        return proving()
    with _draft(compare) as draft:
        proof = proving(compare=draft)
        if not proof.compare:
            raise ChildFailed("No picture of the source was found again in the result.")
        draft.replace(compare)
    return proof


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """A path on the target's disk, so that the finished file can be renamed into place."""
    require_writable(target.parent)
    folder = target.parent / f".reelworks-{secrets.token_hex(8)}"
    try:  # named before it is made: the signal that unwinds may come between any two steps
        folder.mkdir()
        yield folder / target.name
    finally:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)
