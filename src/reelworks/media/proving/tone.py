"""Shows HDR pictures on ordinary screens. Plain numpy; for the Python child.

PQ (SMPTE ST 2084) and HLG (Rec. ITU-R BT.2100) become light in candelas a square metre; what is
brighter than a screen's white is rolled off by the curve of Report ITU-R BT.2390 (EETF); and the
rest is encoded as sRGB. White stays where BT.2408 puts it, at 203 cd/m².
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
"""An array of numbers: numpy's types say less than these functions' descriptions do."""

WHITE = 203.0
"""cd/m² of a white sheet of paper in an HDR picture (BT.2408)."""

_LEVELS = 1 << 16

# SMPTE ST 2084
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_PQ1, _PQ2, _PQ3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_PQ_PEAK = 10_000.0

# BT.2100: HLG for a screen of 1000 cd/m²
_HLG_A, _HLG_B, _HLG_C = 0.17883277, 0.28466892, 0.55991073
_HLG_PEAK, _HLG_GAMMA = 1000.0, 1.2
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], np.float32)

# BT.2087: linear light of BT.2020 to BT.709
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    np.float32,
)


def light(coded: Array, transfer: str) -> Array:
    """The light that a picture asks for, in cd/m².

    Args:
        coded: R′G′B′ as 16-bit integers, of any shape that ends in 3.
        transfer: "smpte2084" (PQ) or "arib-std-b67" (HLG).
    """
    levels = np.linspace(0, 1, _LEVELS)
    if transfer == "smpte2084":
        return pq_light(levels).astype(np.float32)[coded]
    scene: Array = _hlg_scene(levels).astype(np.float32)[coded]
    luminance = np.maximum(scene @ _LUMA_2020, 1e-6)[..., np.newaxis]
    shown: Array = _HLG_PEAK * scene * luminance ** (_HLG_GAMMA - 1)
    return shown


def peak(shown: Array) -> float:
    """The brightest that a picture gets, in cd/m²; a few sparks do not count."""
    return float(np.clip(np.percentile(shown.max(axis=-1), 99.9), WHITE, _PQ_PEAK))


def to_sdr(shown: Array, brightest: float) -> Array:
    """Light of BT.2020 colours as sRGB, 8-bit.

    Args:
        shown: linear R, G, B in cd/m².
        brightest: in cd/m²; becomes white.
    """
    strongest = np.maximum(shown.max(axis=-1), 1e-4)
    # One factor for all three colours: the hue stays.
    factor = rolled_off(strongest, brightest) / strongest / WHITE
    factor = factor.astype(np.float32)[..., np.newaxis]
    linear = np.clip((shown * factor) @ _TO_709.T, 0, 1)
    # A table: there are far more pixels than levels.
    return _srgb_table()[np.round(linear * (_LEVELS - 1)).astype(np.uint16)]


def _srgb_table() -> Array:
    linear = np.linspace(0, 1, _LEVELS)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def rolled_off(values: Array, brightest: float) -> Array:
    """Light in cd/m², with everything up to ``brightest`` brought under white (BT.2390-11, 5.4.1).

    Below a knee nothing changes; above it a Hermite spline bends over to white.
    """
    if brightest <= WHITE:
        return np.minimum(values, WHITE)
    source_peak = pq_signal(np.array(brightest))
    signal = np.minimum(pq_signal(values) / source_peak, 1)
    white = pq_signal(np.array(WHITE)) / source_peak
    knee = max(1.5 * white - 0.5, 0)
    t = np.clip((signal - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * white
    )
    return pq_light(np.where(signal < knee, signal, spline) * source_peak)


def pq_light(signal: Array) -> Array:
    """PQ: signal, 0 to 1, to cd/m²."""
    root = np.power(signal, 1 / _M2)
    return _PQ_PEAK * np.power(np.maximum(root - _PQ1, 0) / (_PQ2 - _PQ3 * root), 1 / _M1)


def pq_signal(shown: Array) -> Array:
    """PQ: cd/m² to signal, 0 to 1."""
    root = np.power(np.maximum(shown, 0) / _PQ_PEAK, _M1)
    return np.power((_PQ1 + _PQ2 * root) / (1 + _PQ3 * root), _M2)


def _hlg_scene(signal: Array) -> Array:
    """HLG: signal, 0 to 1, to the scene's light, 0 to 1."""
    low = signal**2 / 3
    high = (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12
    return np.where(signal <= 0.5, low, high)
