"""Chooses the filters: which damage gets which remedy, and how strong. Pure.

The first rule is to do no harm: left to itself, a filter is used only where what was measured is
far from what clean clips show. Where somebody wishes for it, it is used as strongly as they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import hypot

from reelworks.media.analysis import light
from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import toning
from reelworks.media.deciding.noise import COARSEST, NOISY, denoiser, measured_noise, noise_of
from reelworks.media.deciding.options import Options, Strength
from reelworks.media.deciding.plan import Filter
from reelworks.media.deciding.stored import Stored
from reelworks.media.deciding.toning import Tone
from reelworks.media.facts import Picture

# --- Thresholds: when does a clip count as damaged? -----------------------------------------------
# Fitted on the tuning half of the clips that ``make bench-quality`` damages: see docs/quality.md.

FINE, QUANTISED = 8.0, 24.0
"""Quantiser step in levels up to which a source is so fine that blocks cannot be its encoder's; and
from which compression leaves visible damage."""

UNFILTERED_CODECS = frozenset(
    {"mpeg1video", "mpeg2video", "mpeg4", "h263", "msmpeg4v2", "msmpeg4v3", "flv1", "mjpeg"}
)
"""They leave blocks as they are. Later codecs smooth them while decoding, and what is left to be
gained there is less than encoding again costs."""

BLOCKY = 2.0
"""Step on the 8×8 grid ÷ step off it. Clean clips have up to 1.3, drawings sometimes 1.7."""

EDITING_CODECS = frozenset({"prores", "dnxhd", "cfhd", "apv"})
"""Their faint blocks are below what the eye sees, and their makers want them as they are."""

DIM = 160.0
"""White point (99.5th percentile of luma, full-scale 8-bit levels): clean clips reach further."""

BLACK_SCREEN = 60.0
"""A white point under this is a dark screen, a night or a drawing rather than a dim picture."""

FLAT_BLACK, FLAT_WHITE, FLAT_SPAN = 63.0, 200.0, 140.0
"""A picture is flat where black lies over the first, white under the second, and the two are
nearer than the third: fog has one of these, not all."""

BRILLIANT = 225.0
"""A clip of which some pixels reach so far has lost neither light nor contrast: a night with lamps,
letters on a dark screen."""

DRAWN, STILL = 1.25, 0.5
"""Sharpness from which, and noise (levels) up to which, a picture was drawn rather than taken: a
screen, a title. What is dark or grey there was chosen. Clean clips have a sharpness of 0.6 at most.
"""

RAISED = 4.0
"""Black bars may not be made lighter than this: they would be grey."""

_EXTREME = 4.0
"""So many times its sigma, and hardly more, is what noise adds to the brightest pixels."""

IMPOSSIBLE = -12.0
"""Colours that would go so far below 0 with the light have not lost what the light has lost: it was
taken from luma alone, as video editors and FFmpeg's ``eq`` do."""

MIN_SPAN = 24.0
"""A clip whose whole range is narrower than this shows next to nothing: a fade, a test card."""

TINTED, COLOURED = 0.12, 0.375
"""A cast (logarithms of red and blue ÷ green) counts from the length that all estimates agree on;
and up to the length that they have on average: longer ones are the scene's own, a sunset, a lawn, a
stage's light."""

MONOCHROME = 0.05
"""Colour that brightness does not tell, up to which a tint was meant, sepia or a duotone. Toned
clips have 0.04 at most, clips with colours 0.08 and more."""

SOFT = 0.17
"""Energy of the finest octave ÷ the next: clean clips have 0.26 and more, blurred ones 0.14 and
less."""

ENLARGED = 2.3
"""Sharpness at half the size ÷ sharpness. A blur takes from both, and leaves 2.2 at most, 1.9 after
an encoder; what was enlarged lacks nothing but its finest octave, and has 2.6 and more, 1.9 to 2.5
after an encoder. Sharpened, it would be over-sharp."""

FLICKERING = 0.4
SHAKING = 0.006
"""Jumps of the mean (levels), and jerks (shares of the width), that are seen as such."""

_FULL_BITS = 8


def choose_filters(picture: Picture, analysis: Analysis, options: Options) -> tuple[Filter, ...]:
    """The filters that the clip needs, in the order that lets each see what it understands.

    Fields are put together first, as every other filter takes neighbouring lines for neighbours
    in time; blocks go before noise, as a denoiser keeps their edges; levels go after noise, which
    they would amplify; edges are made steeper when nothing else is left that looks like one.
    """
    stored = Stored.of(picture)
    toned = not picture.is_hdr and not analysis.transparent and stored is not None
    cast = _cast(analysis, options)
    tone = _tone(analysis, options) if toned else toning.SAME
    found = [
        _deinterlace(picture, analysis, options),
        _deblock(picture, analysis, options),
        _denoise(stored, analysis, options),
        _deflicker(analysis, options),
        _stabilise(stored, analysis, options),
    ]
    if toned and stored is not None:
        found.append(_levels(stored, analysis, tone))
        found.append(_white_balance(picture, stored, cast, tone))
    found += [_sharpen(picture, analysis, options), _upscale(picture, options)]
    return tuple(f for f in found if f is not None)


def _factor(wish: Strength, damaged: bool) -> float:
    """How many times as strongly as the damage asks for; 0 is not at all."""
    if wish == "auto":
        return 1.0 if damaged else 0.0
    return wish


# --- Structure ------------------------------------------------------------------------------------


def _deinterlace(picture: Picture, analysis: Analysis, options: Options) -> Filter | None:
    if options.deinterlace is False or (options.deinterlace == "auto" and not analysis.interlaced):
        return None
    return Filter(
        name="deinterlace",
        expression=_deinterlacer(analysis.interlaced or "auto", large=is_large(picture)),
        strength=1.0,
        reason="Its pictures are woven from two fields; motion shows combs."
        if analysis.interlaced
        else "Asked for.",
    )


def _deinterlacer(parity: str, *, large: bool) -> str:
    """One picture for each picture: the count and the timestamps stay the source's.

    Two filters err in different places: two thirds of the better one and one third of the other
    gain 0.25 dB, at twice the cost."""
    fields = f"mode=send_frame:parity={parity}:deint=all"
    if large:
        return f"bwdif={fields}"
    return (
        f"split[fields][again];[fields]bwdif={fields}[best];[again]yadif={fields}[other];"
        "[best][other]blend=all_mode=normal:all_opacity=0.667"
    )


def _deblock(picture: Picture, analysis: Analysis, options: Options) -> Filter | None:
    step, blocks = analysis.quantiser or 0.0, analysis.blockiness or 0.0
    quantised = step >= QUANTISED and picture.codec in UNFILTERED_CODECS
    blocky = _is_blocky(picture, step, blocks)
    factor = _factor(options.deblock, quantised or blocky)
    if factor == 0:
        return None
    return Filter(
        name="deblock",
        expression=_deblocker(factor, large=is_large(picture)),
        strength=factor,
        reason=_blocky_words(step if quantised else 0.0, blocks if blocky else 0.0),
    )


def is_large(picture: Picture) -> bool:
    """Whether a filter's cost counts for more than the last tenth of what it gains."""
    return picture.width * picture.height > 1280 * 720


def _deblocker(factor: float, *, large: bool) -> str:
    """The stronger filter costs half of an encoding: large pictures get one that costs a tenth."""
    if large:
        # Smooths across the grid alone, and only steps that are no edge of the picture's own.
        least = min(0.03 * factor, 1.0)
        gentle = f"beta={least:.3f}:gamma={least:.3f}:delta={least:.3f}"
        return f"deblock=filter=strong:block=8:alpha={min(0.15 * factor, 1.0):.3f}:{gentle}"
    # Transforms shifted copies, drops small coefficients and averages: Nosratinia 2001.
    return f"spp=quality=3:qp={max(1, min(round(6 * factor), 20))}"


def _is_blocky(picture: Picture, step: float, blocks: float) -> bool:
    """Whether its grid is an encoder's: in a picture that was hardly rounded it was drawn there."""
    drawn = 0 < step <= FINE
    return blocks >= BLOCKY and not drawn and picture.codec not in EDITING_CODECS


def _blocky_words(step: float, blocks: float) -> str:
    if step:
        return f"It was compressed so much that values are rounded by {step:.0f} of 255 levels."
    if blocks:
        return (
            f"Compression left visible blocks (edges {blocks:.1f} times as strong on the 8×8 grid)."
        )
    return "Asked for."


# --- Noise ----------------------------------------------------------------------------------------


def _denoise(stored: Stored | None, analysis: Analysis, options: Options) -> Filter | None:
    found = noise_of(analysis)
    factor = _factor(options.denoise, found is not None)
    if factor == 0:
        return None
    noise = found or measured_noise(analysis)
    # Noise that compression has hidden from the measure is there, too.
    sigma = max(noise.level, NOISY)
    # Filters count in stored levels, of which limited range has fewer.
    strength = sigma * factor * (stored.span / 255 if stored else 1.0)
    # Smoothed noise looks more like texture, and takes more to be told from it.
    strength *= 1 + 0.4 * (min(noise.coarseness, COARSEST) - 1)
    return Filter(
        name="denoise",
        expression=denoiser(strength, sigma, stored),
        strength=round(strength, 2),
        reason=f"It is noisy (about {found.level:.1f} of 255 levels)." if found else "Asked for.",
    )


# --- Light ----------------------------------------------------------------------------------------


def _deflicker(analysis: Analysis, options: Options) -> Filter | None:
    wish = options.deflicker
    if wish is False or (wish == "auto" and analysis.flicker < FLICKERING):
        return None
    return Filter(
        name="deflicker",
        expression="deflicker=mode=pm:size=9",
        strength=round(analysis.flicker, 2),
        reason=f"Its light flickers (by about {analysis.flicker:.1f} of 255 levels).",
    )


def _tone(analysis: Analysis, options: Options) -> Tone:
    """One constant stretch for the whole clip: a per-frame one would flicker."""
    low, high = _range(analysis)
    weak = (is_dim(high) or is_flat(low, high)) and not _is_meant(analysis)
    damaged = weak or is_robbed(analysis.floor, high)
    factor = _factor(options.levels, damaged)
    if factor == 0 and options.saturation == 1:
        return toning.SAME
    tone = _stretch(analysis, low, high, share=min(factor, 1.0))
    if options.levels == "auto" and analysis.bars and tone.level(0.0) > RAISED:
        tone = toning.SAME
    return tone.coloured(options.saturation, analysis.chroma or 0.0)


def _stretch(analysis: Analysis, low: float, high: float, *, share: float) -> Tone:
    """What undoes the likeliest damage to a clip of this black and white point."""
    if is_flat(low, high):
        stretch = partial(toning.contrasted, low, high, share=share)
    elif is_robbed(analysis.floor, high):
        return toning.refilled(low, high, share=share)
    elif is_dim(high):
        stretch = partial(toning.brightened, high, share=share)
        if stretch().level(low) >= FLAT_BLACK:  # it would be flat then
            stretch = partial(toning.stretched, low, high, share=share)
    else:
        return toning.stretched(low, high, share=share, peak=analysis.peak)
    unbound = stretch()
    if unbound.level(analysis.floor or 0.0) < IMPOSSIBLE:
        return unbound.of_luma  # which leaves colours as much room as they had before
    return stretch(peak=analysis.peak)


def _levels(stored: Stored, analysis: Analysis, tone: Tone) -> Filter | None:
    if tone.is_nothing:
        return None
    return Filter(
        name="levels",
        expression=tone.expression(stored),
        strength=round(tone.gain, 3),
        reason=_levels_words(*_range(analysis)),
    )


def _range(analysis: Analysis) -> tuple[float, float]:
    """Black and white point without noise; the whole range where next to nothing is seen."""
    low, high = analysis.black, analysis.white
    if low is None or high is None or high - low < MIN_SPAN:
        return 0.0, 255.0
    # Both are of means of 4×4 pixels. Noise in these widens the range by about its sigma; halving
    # twice leaves a quarter of it, more of coarse noise.
    left = (analysis.noise or 0.0) * (min(analysis.coarseness, COARSEST) / 2) ** 2
    return low + left, high - left


def _is_meant(analysis: Analysis) -> bool:
    """Whether something shows that a dark or a flat picture is as it was made."""
    sharp = (analysis.sharpness or 0.0) >= DRAWN and not analysis.interlaced
    drawn = sharp and measured_noise(analysis).level <= STILL
    left = (analysis.brightest or 0.0) - _EXTREME * measured_noise(analysis).level
    return drawn or left >= BRILLIANT


def is_dim(high: float) -> bool:
    """Whether a picture of this white point has lost its light."""
    return BLACK_SCREEN <= high < DIM


def is_flat(low: float, high: float) -> bool:
    """Whether a picture of this range has lost contrast at both ends."""
    return low >= FLAT_BLACK and high <= FLAT_WHITE and high - low <= FLAT_SPAN


def is_robbed(floor: float | None, high: float) -> bool:
    """Whether a picture has more colour than its light can have: luma alone was taken from it."""
    return floor is not None and floor < IMPOSSIBLE and BLACK_SCREEN <= high <= FLAT_WHITE


def _levels_words(low: float, high: float) -> str:
    if is_flat(low, high):
        return f"It is flat: all of it lies between {low:.0f} and {high:.0f} of 255."
    if high <= FLAT_WHITE:
        return f"It is dim: its brightest parts reach only {high:.0f} of 255."
    return "Asked for."


@dataclass(frozen=True, slots=True)
class _Cast:
    """A colour of light, as (ln red ÷ green, ln blue ÷ green), and how much of it is taken out."""

    red: float
    blue: float
    share: float


def _cast(analysis: Analysis, options: Options) -> _Cast:
    red, blue = light.agreed_cast(analysis.cast) if analysis.cast else (0.0, 0.0)
    length = hypot(red, blue)
    toned = analysis.hues is not None and analysis.hues < MONOCHROME
    weak = length >= TINTED and light.cast_length(analysis.cast or ()) <= COLOURED
    mistaken = weak and not toned
    return _Cast(red, blue, _factor(options.white_balance, mistaken) if length > 0 else 0.0)


def _white_balance(picture: Picture, stored: Stored, cast: _Cast, tone: Tone) -> Filter | None:
    if cast.share == 0:
        return None
    return Filter(
        name="white balance",
        expression=toning.white_balance(
            cast.red, cast.blue, cast.share, picture.working_matrix, stored, tone
        ),
        strength=round(hypot(cast.red, cast.blue) * cast.share, 3),
        reason=f"All that should be grey has a {_tint(cast.red, cast.blue)} cast.",
    )


def _tint(red: float, blue: float) -> str:
    if red >= 0 > blue:
        return "warm"
    if red < 0 <= blue:
        return "cold"
    return "green" if red < 0 else "magenta"


# --- Edges and size -------------------------------------------------------------------------------


def _sharpen(picture: Picture, analysis: Analysis, options: Options) -> Filter | None:
    blurred = analysis.sharpness is not None and analysis.sharpness < SOFT
    soft = blurred and not _is_enlarged(analysis)
    calm = noise_of(analysis) is None and measured_noise(analysis).level < NOISY / 2
    harmless = calm and (analysis.quantiser or 0.0) < QUANTISED
    factor = _factor(options.sharpen, soft and harmless)
    if factor == 0:
        return None
    amount = factor if soft else 0.5 * factor
    return Filter(
        name="sharpen",
        expression=_sharpener(amount, large=is_large(picture)),
        strength=round(amount, 2),
        reason="Its edges are soft: the finest detail is missing." if soft else "Asked for.",
    )


def _is_enlarged(analysis: Analysis) -> bool:
    """Whether its finest detail is missing because the picture was once smaller."""
    return (analysis.half_sharpness or 0.0) > ENLARGED * (analysis.sharpness or 0.0)


def _sharpener(amount: float, *, large: bool) -> str:
    """The wider mask gains more where compression took fine detail; it costs large pictures too
    much, which get a narrower one that is about as strong."""
    return f"unsharp=5:5:{1.3 * amount:.2f}:5:5:0" if large else f"unsharp=9:9:{amount:.2f}:5:5:0"


def _upscale(picture: Picture, options: Options) -> Filter | None:
    times = options.upscale
    if times == 1:
        return None
    expression = f"scale=iw*{times}:ih*{times}:flags=lanczos+accurate_rnd+full_chroma_int"
    if (matrix := picture.matrix_at(times)) != picture.matrix:
        expression += f",setparams=colorspace={matrix}"
    return Filter(
        name="upscale",
        expression=expression,
        strength=float(times),
        reason=f"Asked for: {times} times as wide and high.",
    )


def _stabilise(stored: Stored | None, analysis: Analysis, options: Options) -> Filter | None:
    wish = options.stabilise
    if wish is False or (wish == "auto" and analysis.shake < SHAKING):
        return None
    if stored is None or stored.depth > _FULL_BITS or stored.chroma == "422":
        return None  # the filter knows nothing else
    return Filter(
        name="stabilise",
        expression="deshake=rx=32:ry=32:edge=mirror",
        strength=round(analysis.shake, 4),
        reason=f"Its camera jerks (by about {100 * analysis.shake:.1f} % of the width).",
    )
