"""Chooses the encoder: the usual one for its container, if that takes the pictures. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from reelworks.media.deciding.encoders import ENCODERS, Encoder
from reelworks.media.deciding.options import Options
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats import pixels
from reelworks.media.formats.containers import Container


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


def choose_encoder(
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
