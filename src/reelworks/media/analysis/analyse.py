"""Looks at short runs of a clip's pictures, and says what they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelworks.media.children.call import call
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """What a clip's pictures show. Levels are 8-bit full-scale ones, 0 to 255.

    A value is None where the pictures do not tell: one picture has no temporal noise.

    Attributes:
        pictures: how many were looked at.
        noise: standard deviation of the finest noise.
        coarseness: how much stronger noise is at half the size; 1 for white noise, about 2 for
            noise that compression has smoothed.
        hidden_noise, hidden_coarseness: the same where the picture is a little less flat: in the
            flattest parts, compression may have left nothing.
        unforeseen: how much of the finest detail the picture before does not tell when it is
            followed, as a share of what it does not tell in place: about 0.85 for noise, 0.6 and
            less for texture that moves; 1 where there was no need to look.
        black, white: 0.5th and 99.5th percentile of luma over the whole clip.
        darkest, brightest: 0.01st and 99.99th percentile of luma's single pixels: lamps and letters
            that are too small for the white point, and the range of fine texture.
        peak: 99.5th percentile of the largest of R', G' and B', without the cast.
        floor: 0.5th percentile of the smallest of them; below 0 where colours are stronger than so
            little light can have them.
        shade: the smallest of R', G' and B' where it is darkest; about ``black`` of what is grey.
        chroma: 99th percentile of the distance from grey, in 8-bit levels.
        plain: share of the picture in areas of one colour that nothing shades, as of screens and
            drawings; not in black, nor in what is brightest.
        plain_within: the same without what is darkest.
        blockiness: strength of the 8×8 grid; 1 is none.
        quantiser: median step with which the encoder rounded, in levels; None where the decoder
            does not tell.
        even: whether that step is the same for fine and for coarse detail, as H.264's mostly is;
            MPEG-2 and JPEG round fine detail more.
        sharpness: energy of the finest octave ÷ the next; 0.25 and more is sharp.
        half_sharpness: the same of the picture at half its size.
        sharpest: the same of the sharpest ninth of any picture.
        interlaced: "tff" or "bff" where pictures are woven from two fields.
        partly: the same where some are and others are whole, as in telecined film, and the clip
            says that it is interlaced; then ``interlaced`` is None.
        cast: the light's colour by four estimates, as (ln red ÷ green, ln blue ÷ green).
        hues: colour that brightness does not tell, as a share of the range of brightness; next to
            none in a toned monochrome picture.
        flicker: how much the mean of luma jumps from picture to picture.
        shake: how much the camera jerks, as a share of the width.
        bars: whether black bars lie around the picture all the time. Levels are read without them.
        transparent: whether any pixel lets something through.
        captions: whether captions for the deaf come with the pictures themselves.
        dynamic_hdr: what comes with the pictures and changes from one to the next, by its names.
        changing: whether pictures of several sizes were seen.
        largest: width and height of the largest of them, where it is larger than the first one.
        shown: width and height of what players are to show of it, in stored pixels, where the
            container hides its edges.
    """

    pictures: int = 0
    noise: float | None = None
    coarseness: float = 1.0
    hidden_noise: float | None = None
    hidden_coarseness: float = 1.0
    unforeseen: float = 1.0
    black: float | None = None
    white: float | None = None
    darkest: float | None = None
    brightest: float | None = None
    peak: float | None = None
    floor: float | None = None
    shade: float | None = None
    chroma: float | None = None
    plain: float = 0.0
    plain_within: float = 0.0
    blockiness: float | None = None
    quantiser: float | None = None
    even: bool = False
    sharpness: float | None = None
    half_sharpness: float | None = None
    sharpest: float | None = None
    interlaced: str | None = None
    partly: str | None = None
    cast: tuple[tuple[float, float], ...] | None = None
    hues: float | None = None
    flicker: float = 0.0
    shake: float = 0.0
    bars: bool = False
    transparent: bool = False
    captions: bool = False
    dynamic_hdr: tuple[str, ...] = ()
    changing: bool = False
    largest: tuple[int, int] | None = None
    shown: tuple[int, int] | None = None

    @property
    def woven(self) -> str | None:
        """The field order where all pictures, or some, are woven from two fields."""
        return self.interlaced or self.partly

    @staticmethod
    def from_values(data: dict[str, Any]) -> Analysis:
        """An analysis from plain JSON values."""
        cast, largest = data["cast"], data["largest"]
        cast = tuple(tuple(c) for c in cast) if cast else None
        largest = tuple(largest) if largest else None
        tuples = {"cast": cast, "largest": largest, "dynamic_hdr": tuple(data["dynamic_hdr"])}
        return Analysis(**data | tuples)

    def words(self) -> tuple[str, ...]:
        """What was seen, in words."""
        if self.pictures == 0:
            return ("None of its pictures could be looked at.",)
        verb = "was" if self.pictures == 1 else "were"
        seen = [f"{self.pictures} of its pictures {verb} looked at."]
        if self.black is not None and self.white is not None:
            black, white = max(0.0, self.black), min(255.0, self.white)
            seen.append(f"Brightness: from {black:.0f} to {white:.0f} of 255.")
        if self.interlaced:
            seen.append("Its pictures are interlaced.")
        if self.partly:
            seen.append("Some of its pictures look interlaced, others whole.")
        return tuple(seen)


def analyse(tools: Toolbox, path: Path, probe: Probe) -> Analysis:
    """Look at a clip in up to eight places.

    Raises:
        ChildFailed, ChildHung, WorkStopped: as from ``call``.
    """
    picture = probe.picture
    values = call(
        tools,
        "analyse",
        reads=[path],
        path=str(path),
        index=picture.index,
        decoder=picture.alpha_decoder,
        full_range=picture.range == "pc",
        matrix=picture.working_matrix,
        pictures=probe.pictures,
        seconds=float(probe.timing.duration if probe.timing else probe.duration),
    )
    return Analysis.from_values(values)
