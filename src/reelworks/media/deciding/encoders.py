"""The video encoders, and their settings for each quality. Data, and two look-ups.

Chosen by measurement: docs/decisions/0013-encoders-are-chosen-by-measurement.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, log2

from reelworks.media.formats import pixels

KEYFRAME_SECONDS = 4
"""At most so far apart are keyframes, so that players jump quickly to any place; encoders' own
choice, some 10 s, makes files smaller by 2 %."""

_LONGEST_GROUP = 600

_FINER = {"smpte2084": 1 / 2, "arib-std-b67": 1 / 4}
"""How many halvings finer these transfer functions are encoded. They spend their code values on
brighter light as well (ITU-R BT.2100), so the same error is a larger one to the eye."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """An encoder of FFmpeg's.

    Attributes:
        codec: what it writes, by the name that users give it.
        title: what it writes, as people write it.
        name: libav's name of the encoder.
        factors: its constant rate factor for each quality; lower is better and larger. "light",
            between small and balanced, and "exact" cannot be asked for by name.
        options: further arguments, the same for every quality.
        halving: by how much the factor rises where a result has half the bits, or less.
        coarsest: the largest factor that it takes.
        chroma: the chroma formats that it takes.
        depth: the most bits that it takes.
        stereo: whether it writes that pictures are for two eyes.
        captions: whether it writes the captions that come with pictures.
        fastest: the most pictures a second that it takes; None where there is no limit.
        smallest: the fewest pixels that a side must have.
        largest: the most pixels that it takes in width and in height.
    """

    codec: str
    title: str
    name: str
    factors: Mapping[str, int]
    options: tuple[str, ...]
    halving: int = 8
    coarsest: int = 51
    chroma: tuple[str, ...] = ("420", "422", "444")
    depth: int = 12
    stereo: bool = False
    captions: bool = False
    fastest: int | None = None
    smallest: int = 1
    largest: tuple[int, int] = (65_535, 65_535)

    def takes(self, pixel_format: str) -> bool:
        """Whether it can encode this pixel format."""
        chroma = next(c for c in ("444", "422", "420") if c in pixel_format)
        return chroma in self.chroma and pixels.depth_of(pixel_format) <= self.depth

    def keeps_up(self, rate: Fraction) -> bool:
        """Whether it can encode so many pictures a second."""
        return self.fastest is None or rate <= self.fastest

    def spans(self, size: tuple[int, int]) -> bool:
        """Whether it can encode pictures of this width and height."""
        (width, height), (widest, highest) = size, self.largest
        return min(size) >= self.smallest and width <= widest and height <= highest

    def arguments(
        self, quality: str, muxer: str, rate: Fraction, transfer: str | None
    ) -> tuple[str, ...]:
        """What FFmpeg is told behind ``-c:v``.

        Args:
            muxer: libav's name.
            rate: pictures a second, on average.
            transfer: the pictures' transfer function, by libav's name; None where it is not known.
        """
        factor = self.factors[quality] - round(self.halving * _FINER.get(transfer or "", 0))
        # Without this tag Apple's players do not recognise it.
        tag = ("-tag:v", "hvc1") if self.codec == "hevc" and muxer in ("mp4", "mov") else ()
        group = ("-g", str(min(max(1, round(KEYFRAME_SECONDS * rate)), _LONGEST_GROUP)))
        return ("-crf", str(factor), *self.options, *group, *tag)

    def coarser(self, arguments: tuple[str, ...], times: float) -> tuple[str, ...]:
        """The same arguments for a result of so many times fewer bits."""
        place = arguments.index("-crf") + 1
        factor = int(arguments[place]) + ceil(self.halving * log2(times))
        return (*arguments[:place], str(min(factor, self.coarsest)), *arguments[place + 1 :])


_ALL = (
    Encoder(
        codec="h264",
        title="H.264",
        name="libx264",
        factors={"small": 23, "light": 22, "balanced": 18, "high": 14, "exact": 10},
        options=("-preset", "veryfast"),
        depth=10,
        stereo=True,
        captions=True,
        largest=(16_384, 16_384),
    ),
    Encoder(
        codec="hevc",
        title="HEVC",
        name="libx265",
        factors={"small": 24, "light": 22, "balanced": 18, "high": 14, "exact": 10},
        options=("-preset", "superfast", "-a53cc", "1"),
        captions=True,
        smallest=16,
    ),
    Encoder(
        codec="av1",
        title="AV1",
        name="libsvtav1",
        factors={"small": 32, "light": 28, "balanced": 22, "high": 16, "exact": 10},
        options=("-preset", "9"),
        halving=12,
        coarsest=63,
        chroma=("420",),
        depth=10,
        fastest=240,
        smallest=16,
        largest=(16_384, 8_704),
    ),
    Encoder(
        codec="vp9",
        title="VP9",
        name="libvpx-vp9",
        factors={"small": 30, "light": 27, "balanced": 22, "high": 16, "exact": 10},
        options=("-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1"),
        halving=16,
        coarsest=63,
    ),
)
ENCODERS = {encoder.codec: encoder for encoder in _ALL}
"""By the codec's name."""
BY_NAME = {encoder.name: encoder for encoder in _ALL}
"""By libav's name."""
