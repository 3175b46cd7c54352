"""The clips that are measured with: made here, a minute of 1080p with detail, motion and noise."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring import run
from reelworks.media.children.process import Children
from reelworks.media.children.tools import find_tools

# A fractal has detail at every scale, as natural pictures have; the camera glides over it.
_PICTURE = (
    "mandelbrot=size=2880x1620:rate=25,trim=end_frame=1,"
    "zoompan=z='1+0.0003*on':x='on/4':y='on/8':d=1500:s=1920x1080:fps=25,format=yuv420p"
)


def noisy(folder: Path, *, seconds: int = 60) -> Path:
    """1080p with sensor noise, H.264, and a tone."""
    return _clip(folder / f"noisy-{seconds}.mp4", f"{_PICTURE},noise=alls=12:allf=t", seconds)


def dark(folder: Path, *, seconds: int = 60) -> Path:
    """1080p, three stops too dark, H.264, and a tone."""
    return _clip(folder / f"dark-{seconds}.mp4", f"{_PICTURE},lutyuv=y=16+(val-16)*0.4", seconds)


def film(path: Path, *, seconds: int, size: str) -> Path:
    """A glide of 12 s with sensor noise and a tone, over and over: quickly made, however long."""
    picture = (
        "mandelbrot=size=1920x1080:rate=25,trim=end_frame=1,"
        f"zoompan=z='1+0.0006*on':x='on':y='on/2':d=300:s={size}:fps=25,"
        "noise=alls=12:allf=t,format=yuv420p"
    )
    glide = _clip(path.with_stem(f"{path.stem}-once"), picture, 12)
    command = [str(find_tools(None, Children()).ffmpeg), "-v", "error", "-stream_loop", "-1"]
    run([*command, "-i", str(glide), "-t", str(seconds), "-c", "copy", str(path)])
    return path


def _clip(path: Path, picture: str, seconds: int) -> Path:
    if path.exists():
        return path
    command = [str(find_tools(None, Children()).ffmpeg), "-v", "error"]
    command += ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=frequency=440"]
    command += ["-t", str(seconds), "-c:v", "libx264", "-preset", "veryfast", "-crf", "24"]
    run([*command, "-c:a", "aac", str(path)])
    return path


def large(path: Path, small: Path, size_bytes: int) -> Path:
    """A video of any length in bytes: a small one, and behind it a box of nothing."""
    content = small.read_bytes()
    rest = size_bytes - len(content)
    with path.open("wb") as file:
        file.write(content)
        file.write((1).to_bytes(4, "big") + b"free" + rest.to_bytes(8, "big"))
        file.truncate(size_bytes)
    return path
