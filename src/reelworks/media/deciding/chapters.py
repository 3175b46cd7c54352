"""Decides which of a film's chapters its result has. Pure.

FFmpeg moves them with the pictures and the sound, of which the first becomes the result's zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from reelworks.media.facts import Probe


def kept_chapters(probe: Probe) -> tuple[tuple[Fraction, str], ...]:
    """Where each begins, in seconds on the source's clock, and its title.

    One that begins before there is anything to show begins with the first of it. Where a chapter
    ends is not told: MP4 only knows that from the next one's start.
    """
    since = _beginning(probe)
    return tuple(
        (max(Fraction(chapter["start_time"]), since), chapter.get("tags", {}).get("title", ""))
        for _, chapter in _chapters(probe)
        if not _is_over(chapter, since)
    )


def lost_chapters(probe: Probe) -> list[str]:
    """In words, those that end before there is anything to show."""
    since = _beginning(probe)
    return [
        f"Chapter {number}, which ends before the film begins."
        for number, chapter in _chapters(probe)
        if _is_over(chapter, since)
    ]


def _chapters(probe: Probe) -> Iterator[tuple[int, dict[str, Any]]]:
    return enumerate(probe.raw.get("chapters", []), start=1)


def _is_over(chapter: dict[str, Any], since: Fraction) -> bool:
    return Fraction(chapter.get("end_time", chapter["start_time"])) < since


def _beginning(probe: Probe) -> Fraction:
    """What becomes the result's zero, on the source's clock."""
    early = probe.timing.early if probe.timing else Fraction()
    return Fraction(probe.raw.get("format", {}).get("start_time", 0)) - early
