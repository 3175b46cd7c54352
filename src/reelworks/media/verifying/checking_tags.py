"""Checks what a result says of itself and its tracks, and what comes along. In the child only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from av.stream import Disposition

from reelworks.errors import WrongResult
from reelworks.media.deciding.tags import same_tag, tag_name
from reelworks.media.formats.languages import canonical
from reelworks.media.probing.reading import is_attached_picture

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream

_CHAPTER_TOLERANCE = Fraction(1, 100)
"""Seconds. Chapters are marks for people; some containers move all else by an encoder's run-up."""

_NAMES = {"audio": "sound", "subtitle": "subtitle"}


def check_tracks(
    container: InputContainer, kind: str, wanted: list[dict[str, Any]], empty: Collection[int]
) -> None:
    """Check that there are these tracks of a kind, with their language, flags and title.

    Args:
        wanted: a value that is None is not looked at.
        empty: streams that are declared but not there, and so are no tracks: beside TrueHD in
            M2TS, libav always declares the AC-3 that discs have there.
    """
    streams = (s for s in container.streams if s.index not in empty)
    found = [s for s in streams if s.type == kind and not is_attached_picture(s)]
    name = _NAMES[kind]
    if len(found) != len(wanted):
        raise WrongResult(f"The result has {len(found)} {name} tracks in place of {len(wanted)}.")
    for number, (stream, marks) in enumerate(zip(found, wanted, strict=True), start=1):
        for mark, value in _marks(stream).items():
            if marks[mark] is not None and value != marks[mark]:
                raise WrongResult(
                    f"The {mark} of {name} track {number} of the result "
                    f"is {_shown(value)} in place of {_shown(marks[mark])}."
                )


def _marks(stream: Stream) -> dict[str, Any]:
    said = {key.lower(): value for key, value in stream.metadata.items()}
    return {
        "language": canonical(stream.language),
        "default flag": bool(stream.disposition & Disposition.default),
        "forced flag": bool(stream.disposition & Disposition.forced),
        "title": (said.get("title") or said.get("name") or "").strip(),
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if value else "missing"


def check_tags(container: InputContainer, wanted: dict[str, str]) -> None:
    """Check that the file's own tags are there."""
    found = {tag_name(key): value for key, value in container.metadata.items()}
    for key, value in wanted.items():
        if key not in found:
            raise WrongResult(f"The result lacks the tag {key}.")
        if not same_tag(key, value, found[key]):
            raise WrongResult(f"The result's tag {key} is {found[key]!r} in place of {value!r}.")


def check_chapters(
    container: InputContainer, wanted: list[list[str]], move: Fraction | None
) -> None:
    """Check where chapters begin, and what they are called.

    Args:
        wanted: of each its start in seconds and its title.
        move: by how much all times were moved; None where that is not known.
    """
    found = container.chapters()
    if len(found) != len(wanted):
        raise WrongResult(f"The result has {len(found)} chapters in place of {len(wanted)}.")
    for number, (chapter, (start, title)) in enumerate(zip(found, wanted, strict=True), start=1):
        named = chapter["metadata"].get("title", "")
        if named != title:
            raise WrongResult(f"Chapter {number} of the result is called {named!r}, not {title!r}.")
        begins = chapter["start"] * (chapter["time_base"] or Fraction(1))
        late = begins - Fraction(start) - (move or 0)
        if move is not None and abs(late) > _CHAPTER_TOLERANCE:
            raise WrongResult(f"Chapter {number} of the result is {float(late):.3f} s off.")


def check_covers(wanted: list[int], found: list[int]) -> None:
    """Check that the covers are the source's, by the checksums of their bytes."""
    if Counter(wanted) != Counter(found):
        raise WrongResult(
            f"Of the source's {len(wanted)} cover pictures the result has "
            f"{(Counter(wanted) & Counter(found)).total()}."
        )


def check_attachments(container: InputContainer, wanted: int) -> None:
    """Check that the attached files are there."""
    found = sum(1 for stream in container.streams if stream.type == "attachment")
    if found != wanted:
        raise WrongResult(f"The result has {found} attached files in place of {wanted}.")
