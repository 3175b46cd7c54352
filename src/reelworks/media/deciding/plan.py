"""What a plan is: data that says what is done to a clip, and why.

It is stored, shown with its reasons, and gives the same result on whatever machine carries it out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reelworks.media.deciding.keeping import Track

Retime = Literal["constant", "repair"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One filter: its name, how FFmpeg writes it, how strong it is, and why it is there."""

    name: str
    expression: str
    strength: float
    reason: str


def enlargement(filters: tuple[Filter, ...]) -> int:
    """How many times as wide and as high filters make a picture."""
    return next((round(f.strength) for f in filters if f.name == "upscale"), 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is done to a clip, and why.

    Attributes:
        action: "copy" (the file as it is) or "encode".
        filters: in the order in which they are applied.
        findings: what was seen and what follows from it, in words.
        dropped: what the result will not have, in words.
        container: a name in ``containers``; the source's own when copying.
        muxer: libav's muxer; empty when copying.
        extension: of the result's name, without a dot.
        encoder, encoder_options, pixel_format: of the video.
        bounded: whether it must not become much larger than its source.
        decoder: libav decoder that must be used, where the usual one would lose something.
        turn: filters that turn the picture upright where FFmpeg must not do it itself.
        frame: width and height that all pictures are brought to before the filters, where it is not
            the first one's.
        width, height: of the result as displayed, in its own pixels.
        audio, subtitles: what becomes of each track that is kept.
        pictures, attachments: streams copied as they are.
        chapters: whether chapters are carried over.
        all_tags: whether the source has tags that need QuickTime's extensible list.
        retime: how timestamps are made good; None where the source's are kept exactly.
        rate: pictures a second for "constant", as "num/den".
    """

    action: Literal["copy", "encode"]
    filters: tuple[Filter, ...] = ()
    findings: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    container: str
    muxer: str = ""
    extension: str
    encoder: str = ""
    encoder_options: tuple[str, ...] = ()
    pixel_format: str = ""
    bounded: bool = False
    decoder: str | None = None
    turn: tuple[str, ...] | None = None
    frame: tuple[int, int] | None = None
    width: int
    height: int
    audio: tuple[Track, ...] = ()
    subtitles: tuple[Track, ...] = ()
    pictures: tuple[int, ...] = ()
    attachments: tuple[int, ...] = ()
    chapters: bool = False
    all_tags: bool = False
    retime: Retime | None = None
    rate: str | None = None

    def to_json(self) -> str:
        """The plan as JSON; ``from_json`` gives an equal one back."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Plan:
        """A plan that ``to_json`` wrote."""
        data = json.loads(text)
        data["filters"] = tuple(Filter(**f) for f in data["filters"])
        for name in ("audio", "subtitles"):
            data[name] = tuple(_track_from(t) for t in data[name])
        for name, value in data.items():
            if isinstance(value, list):
                data[name] = tuple(value)
        return Plan(**data)


def _track_from(data: dict[str, Any]) -> Track:
    return Track(**{**data, "options": tuple(data["options"])})
