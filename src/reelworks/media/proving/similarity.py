"""How alike two pictures are, by the two usual measures. Plain numpy; for the Python child."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

Luma = np.ndarray[Any, Any]
"""One plane of luma in 8-bit levels, 0 to 255; of integers or floats."""

_PEAK = 255
_BLOCK = 4
# Wang's K1 = 0.01 and K2 = 0.03, scaled to sums over the 64 pixels of a window.
_C1 = (0.01 * _PEAK) ** 2 * 64
_C2 = (0.03 * _PEAK) ** 2 * 64 * 63


def mean_squared_error(one: Luma, other: Luma) -> float:
    """Mean of the squared differences of two planes of the same size."""
    difference = (one.astype(np.float32) - other.astype(np.float32)).ravel()
    return float(np.dot(difference, difference)) / difference.size


def psnr(error: float) -> float | None:
    """Peak signal-to-noise ratio in dB of a mean squared error: 10·log10(255² / error).

    None where there is no error: the pictures are identical, and the ratio is infinite.
    """
    return 10 * math.log10(_PEAK**2 / error) if error > 0 else None


def ssim(one: Luma, other: Luma) -> float | None:
    """Structural similarity of two planes of the same size: 1 for identical ones.

    Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli: «Image quality assessment: from error
    visibility to structural similarity», IEEE Transactions on Image Processing 13 (4), 2004,
    equation 13:

        SSIM = (2·μ₁·μ₂ + C₁)(2·σ₁₂ + C₂) / ((μ₁² + μ₂² + C₁)(σ₁² + σ₂² + C₂))

    averaged over windows of 8×8 pixels at every fourth pixel of every fourth line, as FFmpeg and
    x264 do, where the paper weighs 11×11 pixels with a Gaussian.

    Returns:
        None where the planes are smaller than a window.
    """
    if min(one.shape) < 2 * _BLOCK:
        return None
    a, b = one.astype(np.float32), other.astype(np.float32)
    sum_a, sum_b = _windows(a), _windows(b)
    squares, products = _windows(a * a + b * b), _windows(a * b)
    means = sum_a * sum_b
    mean_squares = sum_a * sum_a + sum_b * sum_b
    variances = squares * 64 - mean_squares
    covariance = products * 64 - means
    shares = (2 * means + _C1) * (2 * covariance + _C2)
    shares /= (mean_squares + _C1) * (variances + _C2)
    return float(shares.mean())


def block_sums(plane: Luma) -> Luma:
    """Sums over blocks of 4×4 pixels; what is left over at the right and below is left out."""
    height, width = (size // _BLOCK * _BLOCK for size in plane.shape)
    cut = plane[:height, :width]
    # Lines first: whole lines are added fast, and leave a quarter for the columns.
    lines = cut[0::4] + cut[1::4] + cut[2::4] + cut[3::4]
    sums: Luma = lines[:, 0::4] + lines[:, 1::4] + lines[:, 2::4] + lines[:, 3::4]
    return sums


def _windows(plane: Luma) -> Luma:
    """Sums over windows of 8×8 pixels, four pixels apart."""
    blocks = block_sums(plane).astype(np.float64)
    pairs = blocks[:-1] + blocks[1:]
    windows: Luma = pairs[:, :-1] + pairs[:, 1:]
    return windows
