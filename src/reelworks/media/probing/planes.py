"""The planes of a decoded picture as arrays, and their parts. Only in the Python child."""

from __future__ import annotations

from ctypes import string_at
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.plane import VideoPlane
    from numpy.typing import NDArray

Plane = Any
"""One plane of stored values: (height, width), 8 or 16 bits a sample, or floats."""


def is_rgb(frame: VideoFrame) -> bool:
    """Whether its samples are R'G'B' already, so that there is no matrix to read it with."""
    return frame.format.is_rgb or frame.format.has_palette


def plane_of(frame: VideoFrame, number: int) -> Plane:
    """A plane of a planar picture in the machine's own byte order; it mostly shares the frame's
    memory."""
    stored = frame.planes[number]
    size = np.uint16 if max(c.bits for c in frame.format.components) > 8 else np.uint8
    upwards = stored.line_size < 0
    values = np.frombuffer(_upwards(stored) if upwards else cast("Any", stored), dtype=size)
    lines = values.reshape(-1, abs(stored.line_size) // np.dtype(size).itemsize)
    return lines[:: -1 if upwards else 1][: stored.height, : stored.width]


def _upwards(stored: VideoPlane) -> bytes:
    """A copy of a plane whose first line lies last in memory, as AMV's do: PyAV takes the address
    of the first line for where the memory begins, and would read far beyond its end."""
    length = -stored.line_size
    return string_at(stored.buffer_ptr - (stored.height - 1) * length, stored.height * length)


def middle(values: Plane, height: int, width: int, *, grid: int = 1) -> Plane:
    """At most so many lines and columns of its middle, begun on a multiple of ``grid``."""
    sizes = zip(values.shape, (height, width), strict=True)
    top, left = (max(n - most, 0) // 2 // grid * grid for n, most in sizes)
    return values[top : top + height, left : left + width]


def half(values: Plane) -> NDArray[np.float32]:
    """Half as wide and high; each value is the mean of four."""
    height, width = (n // 2 * 2 for n in values.shape)
    even = values[:height, :width].astype(np.float32)
    # By slices: numpy's mean over blocks of two takes ten times as long.
    lines = even[::2] + even[1::2]
    means: NDArray[np.float32] = (lines[:, ::2] + lines[:, 1::2]) / 4
    return means


def block_means(values: Plane, high: int, wide: int) -> NDArray[np.float32]:
    """Means of blocks; what is left over at the right and below is left out."""
    rows, columns = values.shape[0] // high, values.shape[1] // wide
    used = values[: rows * high, : columns * wide]
    # One direction after the other: numpy's mean over both takes four times as long.
    lines = used.reshape(rows, high, columns * wide).sum(axis=1, dtype=np.float32)
    means: NDArray[np.float32] = lines.reshape(rows, columns, wide).sum(axis=2) / (high * wide)
    return means
