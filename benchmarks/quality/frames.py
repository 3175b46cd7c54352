"""Short clips in memory: 8-bit 4:2:0 pictures of limited range and BT.709, and their files."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reelworks.media.children.process import Children
from reelworks.media.children.tools import find_tools

FFMPEG = str(find_tools(None, Children()).ffmpeg)
LOSSLESS = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0")
_TAGS = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709")
TAGS = (*_TAGS, "-color_range", "tv")


@dataclass(frozen=True, slots=True)
class Frames:
    """Pictures as (count, height · 3 / 2, width) stored values, planes Y, U, V below each other."""

    data: NDArray[np.uint8]
    rate: float = 25.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.data.shape[2], self.data.shape[1] * 2 // 3

    def luma(self) -> NDArray[np.uint8]:
        """The luma planes: (count, height, width)."""
        return self.data[:, : self.size[1]]

    def chroma(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Both chroma planes: (count, height / 2, width / 2)."""
        width, height = self.size
        planes = self.data[:, height:].reshape(len(self.data), 2, height // 2, width // 2)
        return planes[:, 0], planes[:, 1]

    def with_planes(self, luma: NDArray[Any], u: NDArray[Any], v: NDArray[Any]) -> Frames:
        """The same clip with other values, rounded and clipped to 8 bits."""
        count = len(luma)
        lines = [plane.reshape(count, -1, self.size[0]) for plane in (luma, u, v)]
        values = np.concatenate(lines, axis=1)
        return replace(self, data=np.clip(np.rint(values), 0, 255).astype(np.uint8))


def read(path: Path, *filters: str, count: int, start: float = 0.0) -> Frames:
    """The first pictures of a file from ``start`` seconds on, as displayed."""
    sizes = "scale=trunc(iw/4)*4:trunc(ih/4)*4:out_color_matrix=bt709:out_range=tv"
    chain = ",".join([*filters, sizes, "format=yuv420p"])
    command = [FFMPEG, "-v", "error", "-ss", str(start), "-i", str(path), "-an", "-vf", chain]
    command += ["-frames:v", str(count), "-fps_mode", "passthrough", "-f", "yuv4mpegpipe", "-"]
    return _from_y4m(subprocess.run(command, check=True, capture_output=True).stdout)


def _from_y4m(data: bytes) -> Frames:
    header, _, rest = data.partition(b"\n")
    values = {word[:1]: word[1:] for word in header.split()[1:]}
    width, height = int(values[b"W"]), int(values[b"H"])
    length = width * height * 3 // 2 + len(b"FRAME\n")
    pictures = np.frombuffer(rest, np.uint8).reshape(-1, length)[:, len(b"FRAME\n") :]
    num, den = (int(part) for part in values[b"F"].split(b":"))
    return Frames(pictures.reshape(-1, height * 3 // 2, width), num / den)


def write(frames: Frames, path: Path, *encoding: str) -> Path:
    """Write a clip with these encoder arguments."""
    width, height = frames.size
    command = [FFMPEG, "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += ["-s", f"{width}x{height}", "-r", str(frames.rate), *TAGS, "-i", "-"]
    command += [*encoding, *TAGS, str(path)]
    subprocess.run(command, check=True, input=frames.data.tobytes(), capture_output=True)
    return path
