"""Makes small clips with FFmpeg's own sources; nothing is shipped."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imageio_ffmpeg


def make_clip(path: Path, *arguments: str) -> Path:
    """Run FFmpeg with some arguments to write ``path``; returns it."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run([*command, str(path)], check=True)
    return path
