"""Chooses how pictures are encoded: by the container's usual encoder, if that takes them, and as
exactly as they deserve. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.encoders import ENCODERS, Encoder
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Filter
from reelworks.media.deciding.remedies import QUANTISED, choose_filters, is_large
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats import pixels
from reelworks.media.formats.containers import Container

FINEST, UNROUNDED = 4.0, 1.0
"""Quantiser step (levels) of sources that are finer than our own usual encoding; and of those that
have lost nothing at all."""

COARSE = 8.0
"""Quantiser step of sources that our own usual encoding would make much larger."""

AMPLIFIED, SHOWN_STEP = 1.5, 6.0
"""A source's rounding counts as enlarged from this gain, and is coarse from this step in the
result on."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What an encoder must take.

    Attributes:
        pixel_format: libav's name.
        size: width and height as displayed.
        rate: pictures a second, as the encoder is told.
    """

    pixel_format: str
    size: tuple[int, int]
    rate: Fraction


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How the pictures are encoded.

    Attributes:
        substitute: in words, where it is not the encoder that was asked for.
        quality: how exactly, as ``Options.quality`` names it.
        bounded: whether the result must not become much larger than its source.
    """

    encoder: Encoder
    substitute: tuple[str, ...]
    quality: str
    bounded: bool


def choose_encoding(
    picture: Picture,
    box: Container,
    needs: Needs,
    analysis: Analysis,
    filters: tuple[Filter, ...],
    options: Options,
) -> Encoding:
    """How pictures are encoded after these filters."""
    damaged = bool(choose_filters(picture, analysis, Options.of()))
    bounded = not damaged and not _asks_for_bits(picture, options)
    encoder, substitute = _encoder(box, needs, options, None if damaged else picture.codec)
    if bounded:
        quality = _bounded_quality(analysis)
    else:
        quality = _quality(picture, options, analysis, filters if damaged else ())
    return Encoding(encoder=encoder, substitute=substitute, quality=quality, bounded=bounded)


def asks_to_encode(picture: Picture, options: Options) -> bool:
    """Whether somebody wants another encoding, however good the picture is."""
    another = options.codec not in ("auto", picture.codec)
    return another or options.quality != "auto"


def _asks_for_bits(picture: Picture, options: Options) -> bool:
    return options.upscale > 1 or asks_to_encode(picture, options)


def _quality(
    picture: Picture, options: Options, analysis: Analysis, filters: tuple[Filter, ...]
) -> str:
    """As exact as what is encoded deserves.

    A fine source of which only colour, fields or edges were mended is encoded better than usual,
    one without any loss nearly so: else what encoding adds takes away what was won. Denoising and
    levels are less exact than that.
    A coarse one that was stretched or sharpened shows its own rounding, enlarged: to encode that
    finely would cost bits and time for nothing. So would a large one that is very coarse by itself.
    """
    if options.quality != "auto":
        return options.quality
    step, gain = analysis.quantiser, _gain(filters)
    if step is None or not filters:
        return "balanced"
    enlarged = gain >= AMPLIFIED and step * gain >= SHOWN_STEP
    if enlarged or (step >= QUANTISED and is_large(picture)):
        return "light"
    coarse = {f.name for f in filters} & {"denoise", "levels"}
    if step > FINEST or coarse:
        return "balanced"
    return "exact" if step <= UNROUNDED else "high"


def _bounded_quality(analysis: Analysis) -> str:
    """What will not be much larger than an undamaged source; often it then need not be encoded
    again to be held to that."""
    return "small" if (analysis.quantiser or 0.0) > COARSE else "balanced"


def _gain(filters: tuple[Filter, ...]) -> float:
    """By how much the filters enlarge the differences between neighbouring pixels."""
    gains = {f.name: f.strength for f in filters}
    return gains.get("levels", 1.0) * (1 + gains.get("sharpen", 0.0))


def _encoder(
    box: Container, needs: Needs, options: Options, own: str | None
) -> tuple[Encoder, tuple[str, ...]]:
    """The video encoder, and in words where it is not the one that was asked for.

    More than 8 bits go to HEVC: hardware and browsers play its Main 10, and none plays H.264's
    High 10; it also carries HDR's side data.

    Args:
        own: the codec of a source that has no damage: its like needs no more bits than it did.
    """
    deep = pixels.depth_of(needs.pixel_format) > 8
    usual = _usual(box, needs, deep=deep)
    if options.codec == "auto":
        alike = ENCODERS.get(own or "")
        fits = alike is not None and alike.codec in box.codecs and not _excess(alike, needs)
        return (alike if alike is not None and fits and not deep else usual), ()
    wanted = ENCODERS[options.codec]
    excess = _excess(wanted, needs)
    if not excess:
        return wanted, ()
    return usual, (f"{wanted.title} cannot hold its {excess} here; it is {usual.title} instead.",)


def _usual(box: Container, needs: Needs, *, deep: bool) -> Encoder:
    """The container's usual encoder; where that one cannot take the pictures, another that can."""
    first = (box.deep_codec or box.codecs[0]) if deep else box.codecs[0]
    fitting = (c for c in (first, *box.codecs) if not _excess(ENCODERS[c], needs))
    return ENCODERS[next(fitting, first)]


def _excess(encoder: Encoder, needs: Needs) -> str:
    """What the encoder cannot take, in words; empty where it takes all."""
    if not encoder.takes(needs.pixel_format):
        return f"pixels ({needs.pixel_format})"
    if not encoder.spans(needs.size):
        width, height = needs.size
        return f"size ({width}×{height})"
    keeps_up = encoder.keeps_up(needs.rate)
    return "" if keeps_up else f"rate (up to {round(needs.rate)} pictures a second)"


def told_rate(probe: Probe) -> Fraction:
    """The rate that FFmpeg tells an encoder: not the average of an uneven one, but that of which
    every picture's length is a multiple, unless the two are far apart."""
    average = average_rate(probe.picture)
    streams = probe.raw.get("streams", [])
    said = [s.get("r_frame_rate", "0/0") for s in streams if s.get("index") == probe.picture.index]
    base = max((Fraction(rate) for rate in said if not rate.endswith("/0")), default=average)
    return average if average < 70 and base > 210 else max(average, base)


def average_rate(picture: Picture) -> Fraction:
    return picture.average_rate or Fraction(25)
