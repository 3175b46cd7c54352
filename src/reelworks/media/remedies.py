"""Chooses the filters: which damage gets which remedy, and how strong. Pure.

The first rule is to do no harm: a filter is used only where what was measured is far from what
clean clips show.
"""

from __future__ import annotations

from itertools import pairwise

from reelworks.media import pixels
from reelworks.media.analyse import Analysis
from reelworks.media.facts import Picture
from reelworks.media.options import Options
from reelworks.media.pixels import Pixels
from reelworks.media.plan import Filter

# --- Thresholds: when does a clip count as damaged? -----------------------------------------------

NOISY = 2.5
"""Noise sigma (8-bit levels) from which denoising gains more than encoding again costs: at our
quality the encoder's own error is about 1.6 levels."""

DENOISE_STEPS = ((2.5, 0.75), (5.0, 1.0), (10.0, 2.2), (20.0, 4.5))
"""(noise sigma, fftdnoiz sigma ÷ noise sigma), straight between. Swept on a textured and a smooth
clip with known noise: the first loses by more than this, the second hardly gains."""

BLOCKY = 2.0
"""Step on the 8×8 grid ÷ step off it. Clean clips have up to 1.3, drawings sometimes 1.7."""

EDITING_CODECS = frozenset({"prores", "dnxhd", "cfhd", "apv"})
"""Their faint blocks are below what the eye sees, and their makers want them as they are."""

DIM = 160.0
"""White point (99.5th percentile of luma, full-scale 8-bit levels). Damaged clips had 115–180,
clean ones mostly 193 and more, but hazy and cloudy ones as little as 171."""

BLACK_SCREEN = 60.0
"""A white point under this is a dark screen, a night or a drawing rather than a dim picture."""

GREY_BLACK = 40.0
"""Black point (0.5th percentile) that counts as lifted, where the white point is low as well."""

WHITE_TARGET = 225.0
BLACK_TARGET = 12.0
MAX_GAIN = 2.2
"""Where levels are stretched to, and how far at most: beyond, noise and banding take over."""

MIN_SPAN = 24.0
"""A clip whose whole range is narrower than this shows next to nothing: a fade, a test card."""

MAX_CHROMA = 70.0
"""Chroma (distance from grey, 99th percentile) may not be stretched beyond this."""


# --- Choosing ------------------------------------------------------------------------------------


def choose_filters(picture: Picture, analysis: Analysis, options: Options) -> tuple[Filter, ...]:
    """The filters that the clip needs, in the order that lets each see what it understands.

    Fields are put together first, as every other filter takes neighbouring lines for neighbours
    in time; blocks go before noise, as a denoiser keeps their edges; levels go after noise, which
    they would amplify.
    """
    found = (
        _deinterlace(analysis),
        _deblock(picture, analysis),
        _denoise(picture, analysis),
        None if picture.is_hdr else _levels(picture, analysis),
    )
    return tuple(f for f in found if f is not None)


def _deinterlace(analysis: Analysis) -> Filter | None:
    if analysis.interlaced is None:
        return None
    return Filter(
        name="deinterlace",
        # One picture for each picture: the count and the timestamps stay the source's.
        expression=f"bwdif=mode=send_frame:parity={analysis.interlaced}:deint=all",
        strength=1.0,
        reason="Its pictures are woven from two fields; motion shows combs.",
    )


def _deblock(picture: Picture, analysis: Analysis) -> Filter | None:
    if analysis.blockiness is None or analysis.blockiness < BLOCKY:
        return None
    if picture.codec in EDITING_CODECS:
        return None
    return Filter(
        name="deblock",
        expression="deblock=filter=strong:block=8",
        strength=analysis.blockiness,
        reason=f"Compression left visible blocks (edges {analysis.blockiness:.1f} times as strong "
        "on the 8×8 grid).",
    )


def _denoise(picture: Picture, analysis: Analysis) -> Filter | None:
    sigma = analysis.noise
    if sigma is None or sigma < NOISY:
        return None
    # The filter counts in stored levels, of which limited range has fewer.
    full = _stored_full(picture, pixels.describe(picture.pixel_format))
    stored = sigma if full else sigma * 219 / 255
    strength = round(min(stored * _denoise_factor(stored), 100.0), 1)
    return Filter(
        name="denoise",
        expression=f"fftdnoiz=sigma={strength}",
        strength=strength,
        reason=f"It is noisy (about {sigma:.1f} of 255 levels).",
    )


def _denoise_factor(sigma: float) -> float:
    for (low, a), (high, b) in pairwise(DENOISE_STEPS):
        if sigma <= high:
            return a + (b - a) * max(0.0, sigma - low) / (high - low)
    return DENOISE_STEPS[-1][1]


def _levels(picture: Picture, analysis: Analysis) -> Filter | None:
    """One constant stretch for the whole clip: a per-frame one would flicker."""
    low, high = analysis.black, analysis.white
    if low is None or high is None or not BLACK_SCREEN <= high < DIM or high - low < MIN_SPAN:
        return None
    if analysis.transparent or pixels.describe(picture.pixel_format) is None:
        return None
    floor = min(low, BLACK_TARGET) if low >= GREY_BLACK else low
    gain = min((WHITE_TARGET - floor) / (high - low), MAX_GAIN)
    chroma = min(gain, max(1.0, MAX_CHROMA / max(analysis.chroma or 1.0, 1.0)))
    return Filter(
        name="levels",
        expression=_stretch(picture, low, floor, gain, chroma),
        strength=round(gain, 3),
        reason=f"It is dim: its brightest parts reach only {high:.0f} of 255.",
    )


def _stretch(picture: Picture, low: float, floor: float, gain: float, chroma: float) -> str:
    """A look-up table in the stored levels, of whatever depth and range these are."""
    form = pixels.describe(picture.pixel_format)
    depth = pixels.depth_of(pixels.target(form) or "") if form else 8
    unit = 1 << (depth - 8)
    full = _stored_full(picture, form)
    base, span = (0, 255.0) if full else (16 * unit, 219.0)
    # shown = (stored − base) · 255 / (span · unit); wanted = (shown − low) · gain + floor
    offset = (floor - low * gain) * span * unit / 255.0
    top = (unit * 256 - 1) if full else 235 * unit
    grey = 128 * unit
    y = f"clip((val-{base})*{gain:.4f}+{base + offset:.3f}\\,{base}\\,{top})"
    c = f"(val-{grey})*{chroma:.4f}+{grey}"
    return f"lutyuv=y='{y}':u='{c}':v='{c}'"


def _stored_full(picture: Picture, form: Pixels | None) -> bool:
    """Whether luma uses all levels when filters see it; RGB is brought to limited range before."""
    if form is not None and form.family == "rgb":
        return False
    return picture.range == "pc" or (form is not None and form.full_range)
