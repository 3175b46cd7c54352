"""Counts the values of pixels, as FFmpeg writes them in planes of G', B' and R'."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_CHANNELS = 3
_LEVELS = 256


class Counter:
    """Counts the values of each channel, in memory that does not grow with the video.

    Attributes:
        frames: how many whole pictures were counted.
    """

    def __init__(self, pixels: int) -> None:
        """
        Args:
            pixels: of one picture.
        """
        self.frames = 0
        self._plane = pixels
        self._frame_bytes = _CHANNELS * pixels
        self._buffer = bytearray()
        self._counts = np.zeros((_CHANNELS, _LEVELS), dtype=np.int64)

    def add(self, data: bytes) -> None:
        """Take what came, be it half a picture or several."""
        self._buffer += data
        whole = len(self._buffer) // self._frame_bytes
        if whole:
            self._count(whole)

    def shares(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """Of blue, green and red: how often each value came, as shares that sum to 1."""
        green, blue, red = (self._counts / self._counts.sum(axis=1, keepdims=True)).tolist()
        return tuple(blue), tuple(green), tuple(red)

    def _count(self, frames: int) -> None:
        size = frames * self._frame_bytes
        pixels = np.frombuffer(self._buffer, dtype=np.uint8, count=size)
        planes = pixels.reshape(frames, _CHANNELS, self._plane)
        for channel in range(_CHANNELS):
            self._counts[channel] += _histogram(planes[:, channel])
        del pixels, planes  # the buffer cannot be cut while they look into it
        del self._buffer[:size]
        self.frames += frames


def _histogram(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """How often each value comes, counted two at a time, which is half the work."""
    flat = np.ascontiguousarray(values).reshape(-1)
    even = flat[: flat.size // 2 * 2].view(np.uint16)
    pairs = np.bincount(even, minlength=_LEVELS * _LEVELS).reshape(_LEVELS, _LEVELS)
    counts = pairs.sum(axis=0) + pairs.sum(axis=1)
    if flat.size % 2:
        counts[flat[-1]] += 1
    return np.asarray(counts, dtype=np.int64)
