"""Changes of tone that are the same for every picture of a clip: levels, colour, white. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp

from reelworks.media.analysis.light import WEIGHTS
from reelworks.media.deciding.stored import Stored

WHITE_TARGET = 240.0
BLACK_TARGET = 20.0
MAX_GAIN, MAX_FLAT_GAIN = 2.6, 2.2
"""Where levels are stretched to, which is where clean clips have their ends on average; and how far
at most: beyond, noise and banding take over. Less where black is brought down as well: a scene may
have had a narrow range to begin with."""

BOTTOM = -16.0
"""Luma under this, far below black, lies at the end of what limited range can store: it was moved
there."""

MIDDLE = 127.5
"""What loses contrast in a camera or a converter loses it around this."""

BRIGHTEST = 255.0
"""What no channel of R'G'B' may be brought beyond: there colours change."""

MAX_CHROMA = 90.0
"""Chroma (distance from grey, 99th percentile) may not be stretched beyond this."""

CAUTION = 0.9
"""Share of a measured cast that is taken out: estimates err, and no cast at all looks cold."""


@dataclass(frozen=True, slots=True)
class Tone:
    """Luma · ``gain`` + ``offset`` in full-scale levels, and chroma · ``chroma``."""

    gain: float
    offset: float
    chroma: float

    @property
    def is_nothing(self) -> bool:
        """Whether it changes next to nothing."""
        same_luma = abs(self.gain - 1) < 0.02 and abs(self.offset) < 2
        return same_luma and abs(self.chroma - 1) < 0.02

    @property
    def of_luma(self) -> Tone:
        """The same that leaves chroma as it is."""
        return replace(self, chroma=1.0)

    def level(self, value: float) -> float:
        """What it makes of a level of luma, or of any of R'G'B' where chroma goes with it."""
        return self.gain * value + self.offset

    def coloured(self, saturation: float, chroma: float) -> Tone:
        """The same with chroma times ``saturation``; what stretches it stays within bounds.

        Args:
            chroma: 99th percentile of the clip's distance from grey, in 8-bit levels.
        """
        bound = max(1.0, MAX_CHROMA / max(chroma, 1.0))
        return replace(self, chroma=min(self.chroma, bound) * saturation)

    def expression(self, stored: Stored) -> str:
        """FFmpeg's look-up table for it."""
        scale = stored.span * stored.unit / 255.0
        offset = stored.black + self.offset * scale
        luma = f"(val-{stored.black})*{self.gain:.4f}+{offset:.3f}"
        chroma = f"(val-{stored.grey})*{self.chroma:.4f}+{stored.grey}"
        clipped = f"clip({luma}\\,{stored.black}\\,{stored.white})"
        return f"lutyuv=y='{clipped}':u='{chroma}':v='{chroma}'"


SAME = Tone(1.0, 0.0, 1.0)
"""Changes nothing."""


def brightened(high: float, *, share: float, peak: float | None = None) -> Tone:
    """The tone that multiplies light, as a longer exposure would.

    Args:
        high: white point, in full-scale levels.
        share: of the way, 0 to 1.
        peak: the largest of R'G'B'; None where it is not known.
    """
    gain = WHITE_TARGET / max(high, 1.0)
    if peak is not None:
        gain = min(gain, BRIGHTEST / max(peak, 1.0))
    return _tone(gain, 0.0, MAX_GAIN, share)


def contrasted(low: float, high: float, *, share: float, peak: float | None = None) -> Tone:
    """The tone that moves everything away from middle grey, until black or white is where clean
    clips have theirs. How bright the clip is stays: a bright one has no black that was lost.

    Args:
        low, high: black and white point, in full-scale levels.
        share, peak: as for ``brightened``.
    """
    ends = [(low, BLACK_TARGET), (high, WHITE_TARGET)]
    if peak is not None:
        ends.append((peak, BRIGHTEST))
    gains = [
        (target - MIDDLE) / (end - MIDDLE)
        for end, target in ends
        if (end - MIDDLE) * (target - MIDDLE) > 0
    ]
    return _tone(min(gains, default=1.0), MIDDLE, MAX_FLAT_GAIN, share)


def stretched(low: float, high: float, *, share: float, peak: float | None = None) -> Tone:
    """The tone that brings both ends of a clip's range to where clean clips have theirs.

    Args:
        low, high, share, peak: as for ``contrasted``.
    """
    begin = min(low, high - 1.0)
    black = min(max(begin, 0.0), BLACK_TARGET)  # what is black already stays where it is
    gain = (WHITE_TARGET - black) / max(high - begin, 1.0)
    if peak is not None:
        gain = min(gain, (BRIGHTEST - black) / max(peak - begin, 1.0))
    if gain > MAX_FLAT_GAIN:
        # As it cannot fill the whole range, its middle stays where it is, if both ends fit.
        gain = MAX_FLAT_GAIN
        length = gain * (high - begin)
        black = min(max(black, (begin + high - length) / 2), WHITE_TARGET - length)
    still = (black - gain * begin) / (1 - gain) if gain > 1 else 0.0
    return _tone(gain, still, MAX_FLAT_GAIN, share)


def refilled(low: float, high: float, *, share: float) -> Tone:
    """The tone that gives luma alone what was taken from it: as much to all of it where black was
    pushed against the end of what can be stored, and its whole range otherwise.

    Args:
        low, high, share: as for ``contrasted``.
    """
    if low <= BOTTOM:
        return Tone(1.0, (WHITE_TARGET - high) * share, 1.0)
    black = min(max(low, 0.0), BLACK_TARGET)  # what is black already stays where it is
    gain = (WHITE_TARGET - black) / max(high - low, 1.0)
    still = (black - gain * low) / (1 - gain) if gain > 1 else 0.0
    most = MAX_GAIN if low < BLACK_TARGET else MAX_FLAT_GAIN
    return _tone(gain, still, most, share).of_luma


def _tone(gain: float, still: float, most: float, share: float) -> Tone:
    """What multiplies distances from the level ``still``, as far as is allowed and wished."""
    gain = 1 + (min(max(gain, 1.0), most) - 1) * share
    return Tone(gain, still * (1 - gain), gain)


def white_balance(
    red: float,
    blue: float,
    share: float,
    matrix: str,
    stored: Stored,
    tone: Tone = SAME,
) -> str:
    """FFmpeg's filter that takes a cast out of the greys and leaves luma as it is.

    Args:
        red, blue: the light's colour, as ln(red ÷ green) and ln(blue ÷ green).
        share: how much of it is taken out; 1 is all that is safe.
        tone: what was changed already, after the cast was measured.
    """
    kr, kb = WEIGHTS.get(matrix, WEIGHTS["bt709"])
    r, b = (exp(value * CAUTION * share) for value in (red, blue))
    luma = kr * r + (1 - kr - kb) + kb * b
    # What the light made of a grey whose luma is 1 now: Cb = (B' − Y') ÷ (2 − 2·Kb), which grows
    # with luma (BT.709). Its opposite is added, as large as the tone has made it since.
    to_blue = (1 - b / luma) / (2 * (1 - kb))
    to_red = (1 - r / luma) / (2 * (1 - kr))
    # The filter counts luma and chroma in stored values, from 0 to 1; black is not 0 there.
    scale = (1.0 if stored.full else 224 / 219) * tone.chroma / tone.gain
    # The luma at which there is no tint: black, and where the tone has put it.
    shadow = -(stored.black / stored.unit + tone.offset * stored.span / 255) / 255
    parts = {"bl": to_blue * shadow, "rl": to_red * shadow}
    parts |= {"bh": to_blue * (1 + shadow), "rh": to_red * (1 + shadow)}
    return "colorcorrect=" + ":".join(f"{name}={v * scale:.5f}" for name, v in parts.items())
