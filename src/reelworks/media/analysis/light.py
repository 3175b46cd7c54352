"""The colour of the light, and whether it flickers. Pure functions on arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelworks.media.probing.planes import block_means

Array = NDArray[Any]
Cast = tuple[float, float]
"""A colour of light: the natural logarithms of red ÷ green and of blue ÷ green."""

WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "fcc": (0.30, 0.11),
    "bt2020nc": (0.2627, 0.0593),
}
"""Shares of red and of blue in luma, by libav's name of the matrix (ITU-T H.273, table 4)."""

_CLIPPED = 250.0
_TONES = 24
"""Steps of brightness, each of which may have a colour of its own in a toned picture."""

_GREY = np.array([0.299, 0.587, 0.114])
"""Shares of red, green and blue in what looks as bright: which matrix does not matter here."""

_DARKEST = 0.02
"""Share of a picture that counts as its darkest part."""

_LEAST = 1e-3

_SAME_WAY = 0.4
"""Cosine of the widest angle, 66°, at which an estimate still says what the mean of all says: those
of casts come to 0.47 and more, those of things' own colours may point anywhere."""


def to_rgb(luma: Array, blue: Array, red: Array, matrix: str) -> Array:
    """R'G'B' of a picture: (3, height, width). What no screen shows is under 0 or over 255.

    Args:
        luma: levels, where 0 is black and 255 is white.
        blue, red: the colour differences Cb and Cr in the same levels, 0 for grey; as large.
        matrix: libav's name; an unknown one counts as BT.709.
    """
    kr, kb = WEIGHTS.get(matrix, WEIGHTS["bt709"])
    r, b = luma + 2 * (1 - kr) * red, luma + 2 * (1 - kb) * blue
    return np.stack([r, (luma - kr * r - kb * b) / (1 - kr - kb), b])


def casts(rgb: Array) -> tuple[Cast, Cast, Cast, Cast]:
    """The colour of the light by four estimates that fail on different pictures.

    Shades of grey (Finlayson, Trezzi 2004): the Minkowski mean of order 6. Grey-edge (van de
    Weijer 2007): the mean step between neighbours. White patch (Land 1977): the 99th percentile of
    each channel. Highlights (after Tan 2003): the mean of the brightest twentieth.

    Args:
        rgb: (3, height, width), gamma-encoded values from 0 to 255.
    """
    values = rgb.astype(np.float64)
    shown = values[:, values.max(axis=0) < _CLIPPED]
    if shown.shape[1] < 100:
        return ((0.0, 0.0),) * 4
    steps = np.hypot(np.diff(values, axis=1)[:, :, :-1], np.diff(values, axis=2)[:, :-1])
    luma = shown.mean(axis=0)
    return (
        _cast((shown**6).mean(axis=1) ** (1 / 6)),
        _cast(steps.mean(axis=(1, 2))),
        _cast(np.percentile(shown, 99, axis=1)),
        _cast(shown[:, luma >= np.percentile(luma, 95)].mean(axis=1)),
    )


def _cast(rgb: Array) -> Cast:
    red, green, blue = (float(np.log(max(value, _LEAST))) for value in rgb)
    return red - green, blue - green


def agreed_cast(estimates: tuple[Cast, ...]) -> Cast:
    """What all estimates agree on: their mean's direction, and the shortest of their lengths in
    it; (0, 0) where one of them points elsewhere."""
    values = np.array(estimates)
    mean = values.mean(axis=0)
    length = float(np.hypot(*mean))
    if length < _LEAST:
        return (0.0, 0.0)
    direction = mean / length
    along = values @ direction
    if (along < _SAME_WAY * np.hypot(*values.T)).any():
        return (0.0, 0.0)
    shortest = float(along.min())
    return float(direction[0] * shortest), float(direction[1] * shortest)


def cast_length(estimates: tuple[Cast, ...]) -> float:
    """How far the estimates are from no colour at all, towards their mean: the median, for one,
    grey-edge, reads little where an encoder has taken the edges of colours."""
    values = np.array(estimates)
    mean = values.mean(axis=0)
    return float(np.median(values @ mean) / max(float(np.hypot(*mean)), _LEAST))


def calm(rgb: Array) -> Array:
    """Means of 4 × 4 pixels, in which there is little noise; of tiny pictures, all of it."""
    size = 4 if min(rgb.shape[1:]) >= 4 else 1
    return np.stack([block_means(channel, size, size) for channel in rgb])


def peak(rgb: Array, cast: Cast) -> float:
    """The largest of R', G' and B' that more than a few spots reach: the 99.5th percentile. What
    shines in one colour has little luma, but as little room above it.

    Args:
        rgb: (3, height, width), values from 0 to 255, calm.
        cast: the light's colour, which is taken out before: it is not the things' own.
    """
    light = np.exp(np.array([cast[0], 0.0, cast[1]]))[:, None, None]
    return float(np.percentile((rgb / light).max(axis=0), 99.5))


def floor(luma: Array, blue: Array, red: Array) -> float:
    """The smallest of R', G' and B' that more than a few spots reach: the 0.5th percentile. It is
    below 0 where there is more colour than so little light can have.

    By the kinder one of the two usual matrices: a tag that is wrong or missing looks alike.

    Args:
        luma, blue, red: as for ``to_rgb``. Luma under black counts as black.
    """
    shown = np.maximum(luma, 0)
    pictures = [calm(to_rgb(shown, blue, red, matrix)) for matrix in ("bt709", "smpte170m")]
    return max(float(np.percentile(rgb.min(axis=0), 0.5)) for rgb in pictures)


def shade(rgb: Array) -> float:
    """The smallest of R', G' and B' where a picture is darkest: the median of the darkest fiftieth.
    A deep green or blue has much luma for its depth, and none of another channel. What was made
    flat has as much of all three there, also where luma alone was: its darkest parts were black.

    Args:
        rgb: (3, height, width), calm.
    """
    light = np.tensordot(_GREY, rgb, axes=1)
    darkest = light <= np.percentile(light, 100 * _DARKEST)
    return float(np.median(rgb.min(axis=0)[darkest]))


def hues(rgb: Array) -> float:
    """How much colour there is that brightness does not tell, as a share of brightness' range: next
    to none in a monochrome picture, whatever it is toned with, sepia or a duotone.

    The 90th percentile of the distance from the mean colour of what is as bright.

    Args:
        rgb: (3, height, width), calm.
    """
    light = rgb.mean(axis=0).ravel()
    low, high = np.percentile(light, (0.5, 99.5))
    span = max(float(high - low), 1.0)
    steps = np.clip((light - low) / span * _TONES, 0, _TONES).astype(np.intp)
    counts = np.maximum(np.bincount(steps), 1)
    off = [
        values - (np.bincount(steps, values) / counts)[steps]
        for values in (channel.ravel() - light for channel in rgb)
    ]
    return float(np.percentile(np.sqrt(np.square(off).sum(axis=0)), 90) / span)


def flicker(means: list[float]) -> float:
    """How much the light jumps from picture to picture: root mean square of the second differences
    of the pictures' means ÷ √6, which is sigma for independent jumps; fades have none. In the
    means' own unit; 0 for fewer than three."""
    if len(means) < 3:
        return 0.0
    second = np.diff(np.array(means), n=2)
    return float(np.sqrt((second**2).mean() / 6))
