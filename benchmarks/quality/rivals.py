"""Who takes part: Reelworks, and what people use in its place. Each makes a file of a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import run
from benchmarks.quality.frames import FFMPEG
from benchmarks.references import opencv_loop
from reelworks.jobs.single import enhance_file
from reelworks.media.children.process import Children
from reelworks.media.children.tools import find_tools
from reelworks.media.deciding.options import DEFAULT_PRESET, Options

Rival = Callable[[Path, Path], Path]
"""(source, where to) → the file."""

_X264 = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "18")
_RECIPE = "hqdn3d=4:3:6:4.5,eq=contrast=1.1:brightness=0.02:saturation=1.1,unsharp=5:5:0.8:5:5:0"


def reelworks(source: Path, target: Path, compare: Path | None = None) -> Path:
    """The preset ``auto``, from the file to the checked file, and a picture where one is wanted."""
    tools = find_tools(None, Children())
    # Named by its own extension: a copy keeps the source's.
    output = target.with_suffix(source.suffix)
    return enhance_file(
        tools, source, output, DEFAULT_PRESET, Options.of(), _silent, compare=compare
    ).path


def recipe(source: Path, target: Path) -> Path:
    """FFmpeg's filters as recipes have them, the same for every clip."""
    return filtered(source, target, _RECIPE)


def loop(source: Path, target: Path) -> Path:
    """The loop of the OpenCV tutorials."""
    opencv_loop(source, target)
    return target


def non_local_means(strength: float) -> Rival:
    """FFmpeg's nlmeans at full width: slow, and the best there is."""

    def rival(source: Path, target: Path) -> Path:
        return filtered(source, target, f"nlmeans=s={strength}:p=5:r=9")

    return rival


def filtered(source: Path, target: Path, filters: str = "null") -> Path:
    """One chain of filters, encoded as Reelworks would; without one, the least that can be done."""
    run([FFMPEG, "-y", "-i", str(source), "-vf", filters, *_X264, str(target)])
    return target


def _silent(done: int, total: int) -> None:
    """Nobody watches."""
