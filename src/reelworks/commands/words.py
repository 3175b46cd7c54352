"""What commands say, in words. Does no input or output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.text import Text

from reelworks.client.fetching import printable
from reelworks.client.nouns import Process, Video
from reelworks.model import ProcessType, Status

_WIDE = 70

NAMES = {
    ProcessType.VIDEO_ENHANCEMENT: "enhancement",
    ProcessType.METADATA_EXTRACTION: "metadata",
}


def in_bytes(size: int) -> str:
    """A size for a person: three digits, in units of a thousand."""
    value, units = float(size), ["kB", "MB", "GB"]
    unit = "bytes"
    while value >= 999.5 and units:
        value, unit = value / 1000, units.pop(0)
    return f"{value:.3g} {unit}"


def clock(seconds: float) -> str:
    """A time as on a clock: 0:07, 12:30, 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def standing(process: Process) -> str:
    """How a process stands."""
    match process.status:
        case Status.PENDING if process.queue_position == 1:
            return "pending, next in the queue"
        case Status.PENDING if process.queue_position is not None:
            return f"pending, number {process.queue_position} in the queue"
        case Status.PROCESSING if process.eta_seconds is not None:
            return f"processing, {process.progress} %, about {clock(process.eta_seconds)} left"
        case Status.PROCESSING:
            return f"processing, {process.progress} %"
        case Status.FAILED:
            return f"failed: {process.error}"
    return process.status.value


def in_short(video: Video) -> str:
    """How a video stands, in a word or two."""
    both = [video.process(each) for each in ProcessType]
    for status, word in ((Status.FAILED, "failed"), (Status.PROCESSING, "processing")):
        if any(process.status is status for process in both):
            progress = sum(process.progress for process in both) // len(both)
            return f"{progress} %" if status is Status.PROCESSING else word
    return "done" if video.is_final else "pending"


def account(video: Video) -> Iterator[str]:
    """What there is to know of a video, in lines."""
    yield f"{printable(video.filename)} ({in_bytes(video.size_bytes)})"
    yield f"  file id      {video.file_id}"
    for process_type, name in NAMES.items():
        yield f"  {name:<12} {standing(video.process(process_type))}"
    if video.plan is not None:
        yield f"  plan         {planned(video.plan)}"


def listed(video: Video, width: int | None) -> str:
    """A video in a list: in a line, or in two where the terminal is too narrow for one.

    The file id is never cut, as it is there to be copied.
    """
    name, state = Text(printable(video.filename)), f"{in_short(video):<10}"
    if width is None:
        return f"{video.file_id}  {state}  {name.plain}"
    is_wide = width >= _WIDE
    begin = f"{video.file_id}  {state}  " if is_wide else f"  {state}  "
    name.truncate(width - len(begin), overflow="ellipsis")
    return begin + name.plain if is_wide else f"{video.file_id}\n{begin}{name.plain}"


def planned(plan: Mapping[str, Any]) -> str:
    """What enhancement does, in a line."""
    names = ", ".join(applied["name"] for applied in plan.get("filters", ()))
    if plan.get("action") == "copy":
        return "kept as it is, byte for byte"
    return names or "encoded anew"


def summary(report: Mapping[str, Any]) -> Iterator[str]:
    """What was found and done."""
    yield from report["findings"]
    for number, applied in enumerate(report["filters"], 1):
        yield f"{number}. {applied['name']}: {applied['reason']}"
    yield from (f"Not kept: {line}" for line in report["dropped"])
    yield from report["notes"]
    yield _sizes(report["bytes_before"], report["bytes_after"])
    if report["fidelity"] is not None:
        yield _likeness(report["fidelity"])


def _sizes(before: int, after: int) -> str:
    """How large the result is, against its source."""
    if before == after:
        return f"Size: {in_bytes(after)}, as before."
    change = abs(after - before) / before
    than = "smaller" if after < before else "larger"
    return f"Size: {in_bytes(after)}, {change:.0%} {than} than before ({in_bytes(before)})."


def _likeness(fidelity: Mapping[str, Any]) -> str:
    """How close the result is to its source; what was cleaned away counts as a difference."""
    if fidelity["frames"] == 0:
        return "Likeness to the source: identical, byte for byte."
    pictures = "1 picture" if fidelity["frames"] == 1 else f"{fidelity['frames']} pictures"
    if fidelity["identical"]:
        return f"Likeness to the source: no difference in {pictures} compared."
    measures = [f"PSNR {fidelity['psnr_y']:.1f} dB"]
    if fidelity["ssim_y"] is not None:
        measures.append(f"SSIM {fidelity['ssim_y']:.3f} of 1")
    return f"Likeness to the source: {', '.join(measures)} ({pictures} compared)."
