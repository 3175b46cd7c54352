"""Measures the colours of all of a video's pictures, and counts them.

FFmpeg decodes every picture and hands over every n-th pixel of every n-th line; only these become
R'G'B'. Short clips are taken whole. Of long ones there are so many pixels that the shares of the
values come within a few thousandths of those of all of them, at a fraction of the work. Which ones
are taken moves on from picture to picture, so that a slide that stays is seen whole as well.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reelworks.errors import ChildFailed
from reelworks.media.children.tools import Toolbox
from reelworks.media.facts import Picture, Probe, usual_matrix
from reelworks.media.formats.allowed import input_arguments
from reelworks.media.formats.doubled import said_once

Shares = tuple[float, ...]
"""256 shares that sum to 1, one for each value of a channel."""

# So many pixels are enough of a video, and so few lines are too few of a picture.
_ENOUGH_PIXELS = 1 << 26
_FEWEST_LINES = 180

# What FFmpeg's scale filter calls a matrix, where it knows it.
_SCALE_MATRICES = {
    "bt709": "bt709",
    "fcc": "fcc",
    "bt470bg": "bt470bg",
    "smpte170m": "smpte170m",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020nc",
    "bt2020c": "bt2020nc",
}

_UNTAGGED = "colorspace=unknown:color_primaries=unknown:color_trc=unknown"

_RGB_FORMATS = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """What all pictures of a video come to.

    Attributes:
        frame_count: how many pictures decode.
        red, green, blue: shares of the values 0 to 255 over all pictures.
        average_red, average_green, average_blue: their means, 0 to 255.
        matrix: by which colour was read, or None where the video is stored as R'G'B'.
        range: "tv" or "pc": how it was read.
        sampling: every how many pixels and lines one was taken.
        complaints: the last of what FFmpeg said was wrong with the file; empty where nothing was.
    """

    frame_count: int
    red: Shares
    green: Shares
    blue: Shares
    average_red: int
    average_green: int
    average_blue: int
    matrix: str | None
    range: str
    sampling: int
    complaints: str


def measure(
    tools: Toolbox, path: Path, probe: Probe, on_progress: Callable[[int], None]
) -> Measurement:
    """Decode all pictures of the main video stream and measure them.

    Args:
        on_progress: told the number of pictures measured so far.

    Raises:
        ChildFailed: FFmpeg failed, or not one picture decoded.
        ChildHung: FFmpeg got no further.
    """
    # Imported late: the service can start without waiting for numpy.
    from reelworks.media.measuring.counting import Counter

    picture = probe.picture
    width, height = sampled_size(probe)
    counter = Counter(width * height)

    def feed(data: bytes) -> bool:
        before = counter.frames
        counter.add(data)
        if counter.frames == before:
            return False
        on_progress(counter.frames)
        return True

    complaints = tools.children.run(measure_command(tools, path, probe), feed, reads=[path])
    if counter.frames == 0:
        raise ChildFailed("Not one picture of the video could be decoded.", log=complaints)
    blue, green, red = counter.shares()
    return Measurement(
        frame_count=counter.frames,
        red=red,
        green=green,
        blue=blue,
        average_red=_mean(red),
        average_green=_mean(green),
        average_blue=_mean(blue),
        matrix=_matrix(picture),
        range=_range(picture),
        sampling=sampling(probe),
        complaints=complaints,
    )


def measure_command(tools: Toolbox, path: Path, probe: Probe) -> list[str]:
    """FFmpeg's arguments to write what is taken of all pictures, as planes of G', B' and R'.

    Not as packed R'G'B': FFmpeg makes that of half the colour, several levels off.
    """
    command = [str(tools.ffmpeg), "-nostdin", "-v", "error"]
    # However much of a file is damaged, what decodes counts.
    command += ["-max_error_rate", "1"]
    # All pixels of the width and height that the metadata tells, also where the container hides
    # edges. Turning pictures moves pixels about, and changes no count of them.
    command += ["-apply_cropping", "codec", "-noautorotate"]
    command += [*said_once(probe.picture), *input_arguments(path)]
    command += ["-map", f"0:{probe.picture.index}", "-fps_mode", "passthrough"]
    # Pictures keep their times, so that FFmpeg has none to complain of that it rounded together.
    command += ["-enc_time_base", "demux"]
    # A fixed size: pictures that change size on the way still come in equal pieces.
    command += ["-vf", _scale(probe), "-pix_fmt", "gbrp", "-f", "rawvideo", "-"]
    return command


def _scale(probe: Probe) -> str:
    picture = probe.picture
    width, height = sampled_size(probe)
    # Without accurate rounding, the short cut for pictures taken whole leaves combs in the shares.
    parts = [f"{_moving(sampling(probe))}scale=w={width}:h={height}:flags=neighbor+accurate_rnd"]
    matrix = _matrix(picture)
    if matrix is None:
        return ":".join(parts)
    parts += [f"in_color_matrix={_SCALE_MATRICES[matrix]}", f"in_range={_range(picture)}"]
    # Its own tags, of which FFmpeg's scaler refuses some that change nothing here.
    return f"setparams={_UNTAGGED}," + ":".join(parts)


def _moving(step: int) -> str:
    """Moves what is seen from picture to picture: all pixels have their turn within step² of them.

    FFmpeg moves by two at least, where colour has half the size; with an odd step that is enough.
    """
    if step == 1:
        return ""
    rest = _rest(step)
    width, height = (f"max({step}*floor((i{side}-{rest})/{step})\\,2)" for side in "wh")
    x, y = (f"2*mod({turn}\\,{step})" for turn in ("n", f"n+floor(n/{step})"))
    return f"crop=w={width}:h={height}:x={x}:y={y},"


def _rest(step: int) -> int:
    """How far it moves at most, in pixels."""
    return 2 * (step - 1)


def sampling(probe: Probe) -> int:
    """Every how many pixels and lines one is taken: 1 for a short clip, 5 for an hour of 1080p."""
    picture = probe.picture
    step = max(1, min(picture.width, picture.height) // _FEWEST_LINES)
    if probe.timing is not None:
        pixels = picture.width * picture.height * probe.timing.pictures
        step = min(max(1, math.ceil(math.sqrt(pixels / _ENOUGH_PIXELS))), step)
    return step if step % 2 else max(step - 1, 3)


def sampled_size(probe: Probe) -> tuple[int, int]:
    """Width and height of what is taken of a picture, in pixels."""
    picture, step = probe.picture, sampling(probe)
    width, height = (max((n - _rest(step)) // step, 1) for n in (picture.width, picture.height))
    return width, height


def _matrix(picture: Picture) -> str | None:
    is_rgb = picture.matrix == "gbr" or picture.pixel_format.startswith(_RGB_FORMATS)
    if is_rgb:
        return None
    matrix = picture.working_matrix
    return matrix if matrix in _SCALE_MATRICES else usual_matrix(picture.height)


def _range(picture: Picture) -> str:
    if picture.range is not None:
        return picture.range
    return "tv" if _matrix(picture) is not None else "pc"


def _mean(shares: Shares) -> int:
    return round(sum(level * share for level, share in enumerate(shares)))
