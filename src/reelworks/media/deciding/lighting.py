"""Chooses what is done to a clip's light: flicker, levels, white balance. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import hypot

from reelworks.media.analysis import light
from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import toning
from reelworks.media.deciding.noise import COARSEST, shown_noise
from reelworks.media.deciding.options import Options, factor_of
from reelworks.media.deciding.plan import Filter
from reelworks.media.deciding.stored import Stored
from reelworks.media.deciding.toning import Tone
from reelworks.media.facts import Picture

# Thresholds: fitted as those of ``remedies``.

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

SPARKLING = 2.0
"""Pixels that are so many times as bright as the white point were not dimmed along with a picture:
letters that an encoder has softened, lamps. Clean clips have 1.3 at most, as dimmed ones; those
that were dimmed by a gamma 1.7."""

DEEP = 30.0
"""A clip of which some pixels are so dark has lost no black, however light the means of neighbours
are: grass, gravel, cloth. Nor has one whose darkest parts have so little of one of red, green and
blue: a leaf, a drawing in full colours. Flat tuning clips have 60 and more there, 49 where they
lost two fifths of their contrast; intact clips in full colours 12 and less."""

DRAWN, STILL = 1.25, 0.5
"""Sharpness from which, and noise (levels) up to which, a picture was drawn rather than taken: a
screen, a title. What is dark or grey there was chosen. Clean clips have a sharpness of 0.6 at most.
"""

PLAIN = 0.25
"""Share of a picture in plain colours from which it was drawn: screens, slides and drawings mostly
have 0.5 to 0.9, pictures of a camera 0, and 0.09 at most once they are dark or flat and compressed
hard. Its light and its colours were chosen."""

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
and up to the length that they mostly have: longer ones are the scene's own, a sunset, a lawn, a
stage's light."""

LIT = 0.45
"""Light whose colour is so strong was made or chosen: a stage, a candle, the sea, a night that was
shot by day. How bright it is was chosen as well. Dark tuning clips have 0.2 at most, 0.4 with a
warm cast."""

NOT_GREEN = 0.34
"""Sine of the angle, 20°, from which red or blue is stronger than green in such light. Green is of
leaves and grass: hardly any light is, and a garden may well be too dark. Candles come to 25° and
more, leaves under a warm cast to 15°."""

MONOCHROME = 0.05
"""Colour that brightness does not tell, up to which a tint was meant, sepia or a duotone. Toned
clips have 0.04 at most, clips with colours 0.08 and more."""

FLICKERING = 0.4
"""Jumps of the mean (levels) that are seen as such."""


def deflicker(analysis: Analysis, options: Options) -> Filter | None:
    """Evens out light that jumps from picture to picture."""
    wish = options.deflicker
    if wish is False or (wish == "auto" and analysis.flicker < FLICKERING):
        return None
    return Filter(
        name="deflicker",
        expression="deflicker=mode=pm:size=9",
        strength=round(analysis.flicker, 2),
        reason=f"Its light flickers (by about {analysis.flicker:.1f} of 255 levels).",
    )


def tone(analysis: Analysis, options: Options) -> Tone:
    """One constant stretch for the whole clip: a per-frame one would flicker."""
    low, high = _range(analysis)
    weak = _is_dim(high) or _is_flat(analysis) or _is_robbed(_floor(analysis), high)
    damaged = weak and not _is_meant(analysis)
    factor = factor_of(options.levels, damaged)
    if factor == 0 and options.saturation == 1:
        return toning.SAME
    chosen = _stretch(analysis, low, high, share=min(factor, 1.0))
    if options.levels == "auto" and analysis.bars and chosen.level(0.0) > RAISED:
        chosen = toning.SAME
    coloured = chosen.coloured(options.saturation, analysis.chroma or 0.0)
    return toning.SAME if coloured.is_nothing else coloured


def _stretch(analysis: Analysis, low: float, high: float, *, share: float) -> Tone:
    """What undoes the likeliest damage to a clip of this black and white point."""
    if _is_flat(analysis):
        stretch = partial(toning.contrasted, low, high, share=share)
    elif _is_robbed(_floor(analysis), high):
        return toning.refilled(low, high, share=share)
    elif _is_dim(high):
        stretch = partial(toning.brightened, high, share=share)
        bright = stretch()
        if bright.level(low) >= FLAT_BLACK and not _has_black(analysis, bright):
            # It would be flat then.
            stretch = partial(toning.stretched, low, high, share=share)
    else:
        return toning.stretched(low, high, share=share, peak=analysis.peak)
    unbound = stretch()
    if unbound.level(_floor(analysis) or 0.0) < IMPOSSIBLE:
        return unbound.of_luma  # which leaves colours as much room as they had before
    return stretch(peak=analysis.peak)


def levels(stored: Stored, analysis: Analysis, tone: Tone) -> Filter | None:
    """Applies a tone."""
    if tone == toning.SAME:
        return None
    return Filter(
        name="levels",
        expression=tone.expression(stored),
        strength=round(tone.gain, 3),
        reason=_levels_words(analysis),
    )


def _range(analysis: Analysis) -> tuple[float, float]:
    """Black and white point without noise; the whole range where next to nothing is seen."""
    low, high = analysis.black, analysis.white
    if low is None or high is None or high - low < MIN_SPAN:
        return 0.0, 255.0
    # Both are of means of 4×4 pixels. Noise in these widens the range by about its sigma; halving
    # twice leaves a quarter of it, more of coarse noise.
    noise = shown_noise(analysis)
    left = noise.finest * (min(noise.coarseness, COARSEST) / 2) ** 2
    return low + left, high - left


def _floor(analysis: Analysis) -> float | None:
    """The smallest of R', G' and B' without noise, which lowers it by about its sigma."""
    floor = analysis.floor
    return None if floor is None else floor + shown_noise(analysis).level


def _is_meant(analysis: Analysis) -> bool:
    """Whether something shows that a dark or a flat picture is as it was made."""
    # What is darkest in a flat picture may be a black that was lifted, which is as plain.
    drawn = _is_drawn(analysis, analysis.plain_within if _is_flat(analysis) else analysis.plain)
    brightest = (analysis.brightest or 0.0) - _EXTREME * shown_noise(analysis).level
    bright = brightest >= BRILLIANT or _sparkles(analysis, brightest)
    return drawn or bright or _is_coloured(analysis)


def _is_drawn(analysis: Analysis, plain: float) -> bool:
    """Whether a picture was drawn rather than taken: it is sharper than a lens shows, or so large
    a share of it is plain."""
    sharp = (analysis.sharpness or 0.0) >= DRAWN and not analysis.woven
    return plain >= PLAIN or (sharp and shown_noise(analysis).level <= STILL)


def _is_coloured(analysis: Analysis) -> bool:
    """Whether the light has a strong colour of its own, which is not what is left of the colours
    where luma alone was taken."""
    _, high = _range(analysis)
    if not analysis.cast or _is_robbed(_floor(analysis), high):
        return False
    cast = light.agreed_cast(analysis.cast)
    lit = max(cast) > NOT_GREEN * hypot(*cast)
    return lit and light.cast_length(analysis.cast) >= LIT


def _sparkles(analysis: Analysis, brightest: float) -> bool:
    """Whether spots are far brighter than the picture that they are in."""
    _, high = _range(analysis)
    return not _is_robbed(_floor(analysis), high) and brightest >= SPARKLING * high


def _has_black(analysis: Analysis, tone: Tone = toning.SAME) -> bool:
    """Whether single pixels, or a channel of the darkest parts, are so dark, after a tone, that
    nothing was taken from black, whatever means of luma tell: fine texture has its whole range
    between neighbours, and deep colours have their luma from one channel."""
    if analysis.shade is not None and tone.level(analysis.shade) <= DEEP:
        return True
    if analysis.darkest is None:
        return False
    return tone.level(analysis.darkest + _EXTREME * shown_noise(analysis).level) <= DEEP


def _is_dim(high: float) -> bool:
    """Whether a picture of this white point has lost its light."""
    return BLACK_SCREEN <= high < DIM


def _is_flat(analysis: Analysis) -> bool:
    """Whether a picture has lost contrast at both ends."""
    low, high = _range(analysis)
    narrow = low >= FLAT_BLACK and high <= FLAT_WHITE and high - low <= FLAT_SPAN
    return narrow and not _has_black(analysis)


def _is_robbed(floor: float | None, high: float) -> bool:
    """Whether a picture has more colour than its light can have: luma alone was taken from it."""
    return floor is not None and floor < IMPOSSIBLE and BLACK_SCREEN <= high <= FLAT_WHITE


def _levels_words(analysis: Analysis) -> str:
    low, high = _range(analysis)
    if _is_flat(analysis):
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
    mistaken = weak and not toned and not _is_drawn(analysis, analysis.plain)
    return _Cast(red, blue, factor_of(options.white_balance, mistaken) if length > 0 else 0.0)


def white_balance(
    picture: Picture, stored: Stored, analysis: Analysis, options: Options, tone: Tone
) -> Filter | None:
    """Takes a cast out of the greys, after a tone was changed."""
    cast = _cast(analysis, options)
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
