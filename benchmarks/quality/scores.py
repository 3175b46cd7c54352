"""Scores a file against clean pictures: PSNR, SSIM, XPSNR and VMAF-NEG, by FFmpeg's own filters."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.quality.frames import FFMPEG

BEST_PSNR = 60.0
"""What equal pictures get in place of infinity, so that means stay finite."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over the pictures. Higher is better.

    Attributes:
        psnr, xpsnr: of luma, in dB.
        colour: PSNR of luma and chroma together, in dB.
        ssim: of luma, up to 1.
        vmaf: in its NEG model, which does not pay for sharpening; 0 to 100.
    """

    psnr: float
    colour: float
    ssim: float
    xpsnr: float
    vmaf: float

    def minus(self, other: Scores) -> Scores:
        """The gain over another."""
        mine, its = asdict(self), asdict(other)
        return Scores(**{name: mine[name] - its[name] for name in mine})


def score(file: Path, master: Path) -> Scores:
    """Compare a file's pictures with its master's, one by one in order.

    Raises:
        ValueError: they have not the same number of pictures.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        text = subprocess.run(
            _command(file, master, log), check=True, capture_output=True, text=True
        )
        frames = json.loads(log.read_text())
    vmaf = float(frames["pooled_metrics"]["vmaf"]["mean"])
    return Scores(
        psnr=_db(text.stderr, r"PSNR y:(\S+)"),
        colour=_db(text.stderr, r"PSNR y:.*average:(\S+)"),
        ssim=float(_found(text.stderr, r"SSIM Y:(\S+)")),
        xpsnr=_db(text.stderr, r"XPSNR\s+y:\s*(\S+)"),
        vmaf=vmaf,
    )


def _command(file: Path, master: Path, log: Path) -> list[str]:
    same = "settb=1/1000,setpts=N*40,format=yuv420p,split=4"
    graph = f"[0:v]{same}[a1][a2][a3][a4];[1:v]{same}[b1][b2][b3][b4];"
    graph += "[a1][b1]psnr[p];[a2][b2]ssim[s];[a3][b3]xpsnr[x];"
    model = "model=version=vmaf_v0.6.1neg:n_threads=2"
    graph += f"[a4][b4]libvmaf={model}:log_fmt=json:log_path={log}[v]"
    outputs = [part for name in "psxv" for part in ("-map", f"[{name}]", "-f", "null", "-")]
    return [FFMPEG, "-i", str(file), "-i", str(master), "-filter_complex", graph, *outputs]


def _found(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"FFmpeg did not say {pattern}: {text[-500:]}")
    return found.group(1)


def _db(text: str, pattern: str) -> float:
    return min(float(_found(text, pattern)), BEST_PSNR)
