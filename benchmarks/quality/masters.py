"""The clean clips, split in advance: some to tune on, others held out and only reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from tests.corpus import CORPUS

from benchmarks.quality.frames import Frames, read

COUNT = 24
Split = Literal["tune", "held"]


@dataclass(frozen=True, slots=True)
class Master:
    """A clean clip: a part of a real video, or a photograph under a moving camera.

    Attributes:
        width: scaled down to, so that what compression did to the source is gone; 0 to keep it.
        start: seconds into the source.
    """

    name: str
    split: Split
    source: str
    width: int = 0
    start: float = 0.0


VIDEOS = (
    Master("animation", "tune", "long_bbb_1080p25_62s.mp4", 960, 20.0),
    Master("park", "tune", "natural_juggle_720p24_noaudio.mp4", 640, 3.0),
    Master("coast", "tune", "drone_karma_gpmf.mp4", 640, 2.0),
    Master("sea", "tune", "sea_540p30_xmp.mp4", 640),
    Master("road", "tune", "traffic_car_12.5fps_aac.mp4", 480, 5.0),
    Master("office", "tune", "webcam_asl_walk.mkv", 480),
    Master("speaker", "tune", "hevc_720p_foreman.mp4", 640, 4.0),
    Master("bee", "held", "macro_bee_720p30_aac.mp4", 640, 1.0),
    Master("forest", "held", "vp9_540p60.webm", 640),
    Master("face", "held", "av1_sample.mp4", 720),
    Master("lamp", "held", "phone_hevc_rot90_720p.mov", 360),
    Master("garden", "held", "raw_parkjoy.y4m"),
    Master("board", "held", "portrait_4k60_rot90.mp4", 540),
    Master("carphone", "held", "carphone_pristine.mp4"),
)
PHOTOGRAPHS = (
    Master("astronaut", "tune", "astronaut.png"),
    Master("coffee", "tune", "coffee.png"),
    Master("motorcycle", "tune", "motorcycle_left.png"),
    Master("cat", "held", "chelsea.png"),
    Master("rocket", "held", "rocket.jpg"),
    Master("tissue", "held", "ihc.png"),
)
"""Ship inside scikit-image; all there is where the corpus is not."""


def masters(split: Split) -> list[Master]:
    """The clips of a split that this machine has."""
    videos = [m for m in VIDEOS if (CORPUS / m.source).exists()]
    return [m for m in (*videos, *PHOTOGRAPHS) if m.split == split]


def load(master: Master) -> Frames:
    """The clip's pictures."""
    if master in PHOTOGRAPHS:
        return _moved(master)
    scale = [f"scale={master.width}:-4:flags=area"] if master.width else []
    return read(CORPUS / master.source, *scale, count=COUNT, start=master.start)


def _moved(master: Master) -> Frames:
    """A photograph under a camera that pans and zooms, by fractions of a pixel."""
    path = Path(str(files("skimage.data").joinpath(master.source)))
    photo = cv2.imread(str(path))
    assert photo is not None
    pictures = np.stack(list(_pan(photo)))
    count, height, width, _ = pictures.shape
    # As OpenCV's own conversion is BT.601 of full range, FFmpeg's conversion would be another
    # subprocess: the BT.709 formula is short enough to be written here.
    blue, green, red = (pictures[..., n].astype(np.float32) for n in range(3))
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    u = _half((blue - luma) / 1.8556) * 224 / 255 + 128
    v = _half((red - luma) / 1.5748) * 224 / 255 + 128
    blank = Frames(np.zeros((count, height * 3 // 2, width), np.uint8))
    return blank.with_planes(luma * 219 / 255 + 16, u, v)


def _pan(photo: np.ndarray) -> Iterator[np.ndarray]:
    height, width = (int(n * 0.82) // 4 * 4 for n in photo.shape[:2])
    for number in range(COUNT):
        zoom = 0.98 - 0.002 * number
        shift = (2 + 1.3 * number, 2 + 0.6 * number)
        matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        yield cv2.warpAffine(
            photo, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT
        )


def _half(plane: np.ndarray) -> np.ndarray:
    return (
        plane[:, ::2, ::2] + plane[:, 1::2, ::2] + plane[:, ::2, 1::2] + plane[:, 1::2, 1::2]
    ) / 4
