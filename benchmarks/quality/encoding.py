"""Quality against size against time, of the encoders that a result may be written with."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measuring import processor_seconds
from benchmarks.quality.frames import FFMPEG, LOSSLESS, write
from benchmarks.quality.masters import Master, load
from benchmarks.quality.scores import score

_SETTINGS = {
    "x264 superfast": ("-c:v libx264 -preset superfast", (16, 20, 24)),
    "x264 veryfast": ("-c:v libx264 -preset veryfast", (16, 20, 24)),
    "x264 fast": ("-c:v libx264 -preset fast", (16, 20, 24)),
    "x264 medium": ("-c:v libx264 -preset medium", (16, 20, 24)),
    "x265 ultrafast": ("-c:v libx265 -preset ultrafast -x265-params log-level=error", (16, 20, 24)),
    "x265 superfast": ("-c:v libx265 -preset superfast -x265-params log-level=error", (16, 20, 24)),
    "x265 fast": ("-c:v libx265 -preset fast -x265-params log-level=error", (16, 20, 24)),
    "SVT-AV1 preset 10": ("-c:v libsvtav1 -preset 10", (20, 28, 36)),
    "SVT-AV1 preset 8": ("-c:v libsvtav1 -preset 8", (20, 28, 36)),
    "VP9 cpu-used 5": ("-c:v libvpx-vp9 -b:v 0 -deadline good -cpu-used 5 -row-mt 1", (18, 26, 34)),
}
LEVEL = 42.0
"""PSNR of luma, in dB, at which sizes are compared: no difference is seen from there on."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """Of one setting: bits a pixel at ``LEVEL`` dB, and processor time, ÷ x264 veryfast's."""

    name: str
    size: float
    time: float


def encodings(clips: list[Master]) -> list[Encoding]:
    """All settings, over some clean clips; each clip weighs the same."""
    measured = {name: [_setting(*_SETTINGS[name], clip) for clip in clips] for name in _SETTINGS}
    base = measured["x264 veryfast"]
    return [
        Encoding(
            name,
            float(np.exp(np.mean([np.log(m[0] / b[0]) for m, b in zip(own, base, strict=True)]))),
            float(np.exp(np.mean([np.log(m[1] / b[1]) for m, b in zip(own, base, strict=True)]))),
        )
        for name, own in measured.items()
    ]


def _setting(arguments: str, factors: tuple[int, ...], clip: Master) -> tuple[float, float]:
    """(bytes at ``LEVEL`` dB, straight between the logarithms; processor seconds of the middle)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        master = write(load(clip), folder / "master.mp4", *LOSSLESS)
        levels, sizes, seconds = [], [], []
        for factor in factors:
            target = folder / f"{factor}.mkv"
            command = [FFMPEG, "-v", "error", "-y", "-i", str(master), *arguments.split()]
            seconds.append(processor_seconds([*command, "-crf", str(factor), str(target)]))
            levels.append(score(target, master, whole=False).psnr)
            sizes.append(np.log(target.stat().st_size))
        slope, offset = np.polyfit(levels, sizes, 1)
        return float(np.exp(slope * LEVEL + offset)), seconds[1]
