"""Chooses the filters: which damage gets which remedy, and how strong. Pure.

The first rule is to do no harm: left to itself, a filter is used only where what was measured is
far from what clean clips show. Where somebody wishes for it, it is used as strongly as they say.
"""

from __future__ import annotations

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import lighting, toning
from reelworks.media.deciding.noise import (
    COARSEST,
    NOISY,
    Noise,
    denoiser,
    measured_noise,
    noise_of,
)
from reelworks.media.deciding.options import Options, factor_of
from reelworks.media.deciding.plan import Filter
from reelworks.media.deciding.stored import Stored
from reelworks.media.deciding.toning import Tone
from reelworks.media.facts import Picture
from reelworks.media.formats.allowed import MAX_PIXELS

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

BLOCKY, GRID = 2.0, 5.3
"""Step on the 8×8 grid ÷ step off it. Clean clips have up to 1.3, drawings sometimes 1.7; the
coarsest JPEG has 4.9. What has more was drawn on that grid: enlarged pixels have 5.7 to 19, letters
of 8 pixels' width up to 60."""

EDITING_CODECS = frozenset({"prores", "dnxhd", "cfhd", "apv"})
"""Their faint blocks are below what the eye sees, and their makers want them as they are."""

SOFT = 0.17
"""Energy of the finest octave ÷ the next: clean clips have 0.26 and more, blurred ones 0.14 and
less."""

CLEAR = 0.22
"""The same of the sharpest ninth of any picture, from which a lens or an editor chose what is sharp
and what is not: a shallow depth of field, a focus that is pulled. Blurred clips that gain by it
have 0.2 at most, in H.264."""

ENLARGED = 2.3
"""Sharpness at half the size ÷ sharpness. A blur takes from both, and leaves 2.2 at most, 1.9 after
an encoder; what was enlarged lacks nothing but its finest octave, and has 2.6 and more, 1.9 to 2.5
after an encoder. Sharpened, it would be over-sharp."""

BLURRED = 1.4
"""The same of what was blurred, at least: a blur takes most from the finest octave. HEVC, VP9 and
AV1 smooth fine detail away while they decode, and do not tell how coarsely they round: drawings and
other soft pictures have 0.75 to 1.35 then, and lose 2 to 4 dB by sharpening."""

SHAKING = 0.006
"""Jerks (shares of the width) that are seen as such."""

_FULL_BITS = 8

_FEWEST_LINES = 8
"""Lines and columns that fields can be put together of, also where chroma has half as many."""


def choose_filters(picture: Picture, analysis: Analysis, options: Options) -> tuple[Filter, ...]:
    """The filters that the clip needs, in the order that lets each see what it understands.

    Fields are put together first, as every other filter takes neighbouring lines for neighbours
    in time; blocks go before noise, as a denoiser keeps their edges; levels go after noise, which
    they would amplify; edges are made steeper when nothing else is left that looks like one.
    """
    stored = Stored.of(picture)
    tone = _tone(picture, analysis, options)
    found = [
        _deinterlace(picture, analysis, options),
        _deblock(picture, analysis, options),
        _denoise(stored, analysis, options, tone.gain),
        lighting.deflicker(analysis, options),
        _stabilise(picture, analysis, options),
    ]
    if stored is not None and can_tone(picture, analysis):
        found.append(lighting.levels(stored, analysis, tone))
        found.append(lighting.white_balance(picture, stored, analysis, options, tone))
    found += [_sharpen(picture, analysis, options, tone.gain), _upscale(picture, options)]
    return tuple(f for f in found if f is not None)


# --- What can be done -----------------------------------------------------------------------------


def can_deinterlace(picture: Picture) -> bool:
    """Whether its pictures are large enough to put fields together."""
    return min(picture.width, picture.height) >= _FEWEST_LINES


def can_steady(picture: Picture, analysis: Analysis) -> bool:
    """Whether the filter that steadies knows its pixels; it does not move transparency along."""
    stored = Stored.of(picture)
    if stored is None or analysis.transparent:
        return False
    return stored.depth <= _FULL_BITS and stored.chroma != "422"


def can_tone(picture: Picture, analysis: Analysis) -> bool:
    """Whether its light and colours may be changed."""
    return not picture.is_hdr and not analysis.transparent and Stored.of(picture) is not None


def times_larger(picture: Picture, options: Options) -> int:
    """How many times as wide and high it becomes: at most so that its result may be opened."""
    pixels = picture.width * picture.height
    fitting = (n for n in range(options.upscale, 1, -1) if n * n * pixels <= MAX_PIXELS)
    return next(fitting, 1)


def found_noise(picture: Picture, analysis: Analysis, options: Options) -> Noise | None:
    """The noise of a clip that counts as noisy, its light once stretched; None of others."""
    return noise_of(analysis, _tone(picture, analysis, options).gain)


def _tone(picture: Picture, analysis: Analysis, options: Options) -> Tone:
    return lighting.tone(analysis, options) if can_tone(picture, analysis) else toning.SAME


# --- Structure ------------------------------------------------------------------------------------


def _deinterlace(picture: Picture, analysis: Analysis, options: Options) -> Filter | None:
    if options.deinterlace is False or (options.deinterlace == "auto" and not analysis.woven):
        return None
    if not can_deinterlace(picture):
        return None
    if analysis.partly:
        return Filter(
            name="deinterlace",
            expression=_matcher(analysis.partly),
            strength=1.0,
            reason="Combs were seen in some of its pictures, as in telecined film or under noise.",
        )
    return Filter(
        name="deinterlace",
        expression=_deinterlacer(analysis.interlaced or "auto", large=is_large(picture)),
        strength=1.0,
        reason="Its pictures are woven from two fields; motion shows combs."
        if analysis.interlaced
        else "Asked for.",
    )


def _matcher(parity: str) -> str:
    """Puts the fields of one film picture together again, and leaves whole pictures whole; what
    still shows combs is deinterlaced. A telecined clip (24 to 30 a second) comes to 37.5 dB of its
    film, at worst 36.1, in place of 36.7 and 29.2 by a deinterlacer alone, and 34.1 and 24.7 as it
    is."""
    left = f"bwdif=mode=send_frame:parity={parity}:deint=interlaced"
    return f"fieldmatch=order={parity}:combmatch=full,{left}"


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
    factor = factor_of(options.deblock, quantised or blocky)
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
    """Whether its grid is an encoder's: in a picture that was hardly rounded it was drawn there,
    and so was what is stronger than an encoder's."""
    drawn = 0 < step <= FINE or blocks > GRID
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


def _denoise(
    stored: Stored | None, analysis: Analysis, options: Options, gain: float
) -> Filter | None:
    found = noise_of(analysis, gain)
    factor = factor_of(options.denoise, found is not None)
    if factor == 0:
        return None
    noise = found or measured_noise(analysis)
    # Noise that compression has hidden from the measure is there, too.
    sigma = max(noise.level, NOISY / gain)
    # Filters count in stored levels, of which limited range has fewer.
    strength = sigma * factor * (stored.span / 255 if stored else 1.0)
    # Smoothed noise looks more like texture, and takes more to be told from it.
    strength *= 1 + 0.4 * (min(noise.coarseness, COARSEST) - 1)
    return Filter(
        name="denoise",
        expression=denoiser(strength, sigma, gain, stored),
        strength=round(strength, 2),
        reason=_noisy_words(found, gain) if found else "Asked for.",
    )


def _noisy_words(noise: Noise, gain: float) -> str:
    stretched = f", {noise.level * gain:.1f} once its light is stretched" if gain > 1 else ""
    return f"It is noisy (about {noise.level:.1f} of 255 levels{stretched})."


# --- Edges and size -------------------------------------------------------------------------------


def _sharpen(picture: Picture, analysis: Analysis, options: Options, gain: float) -> Filter | None:
    soft = _is_soft(analysis)
    # Edges come after light: noise is as strong then as that has made it.
    left = measured_noise(analysis).level * gain
    calm = noise_of(analysis, gain) is None and left < NOISY / 2
    harmless = calm and (analysis.quantiser or 0.0) < QUANTISED
    factor = factor_of(options.sharpen, soft and harmless)
    if factor == 0:
        return None
    amount = factor if soft else 0.5 * factor
    return Filter(
        name="sharpen",
        expression=_sharpener(amount, large=is_large(picture)),
        strength=round(amount, 2),
        reason="Its edges are soft: the finest detail is missing." if soft else "Asked for.",
    )


def _is_soft(analysis: Analysis) -> bool:
    """Whether a blur took its finest detail everywhere, and not an encoder, nor that it was once
    smaller."""
    sharpness, rest = analysis.sharpness, analysis.half_sharpness or 0.0
    if sharpness is None or sharpness >= SOFT or (analysis.sharpest or 0.0) >= CLEAR:
        return False
    least = BLURRED if analysis.quantiser is None else 0.0
    return least * sharpness <= rest <= ENLARGED * sharpness


def _sharpener(amount: float, *, large: bool) -> str:
    """The wider mask gains more where compression took fine detail; it costs large pictures too
    much, which get a narrower one that is about as strong."""
    return f"unsharp=5:5:{1.3 * amount:.2f}:5:5:0" if large else f"unsharp=9:9:{amount:.2f}:5:5:0"


def _upscale(picture: Picture, options: Options) -> Filter | None:
    times = times_larger(picture, options)
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


def _stabilise(picture: Picture, analysis: Analysis, options: Options) -> Filter | None:
    wish = options.stabilise
    if wish is False or (wish == "auto" and analysis.shake < SHAKING):
        return None
    if not can_steady(picture, analysis):
        return None
    return Filter(
        name="stabilise",
        expression="deshake=rx=32:ry=32:edge=mirror",
        strength=round(analysis.shake, 4),
        reason=f"Its camera jerks (by about {100 * analysis.shake:.1f} % of the width).",
    )
