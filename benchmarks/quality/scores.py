"""Scores a file against clean pictures: PSNR, SSIM, XPSNR and VMAF-NEG, by FFmpeg's own filters."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.quality.frames import FFMPEG

_NUMBER = r"-?[\d.]+|inf"  # and no more: FFmpeg's threads may write without a space between

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


def score(file: Path, master: Path, *, whole: bool = True) -> Scores:
    """Compare a file's pictures with its master's, one by one in order.

    Args:
        whole: also XPSNR and VMAF, which take most of the time; they are 0 without.

    Raises:
        ValueError: they have not the same number of pictures.
    """
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "vmaf.json"
        text = subprocess.run(
            _command(file, master, log if whole else None),
            check=True,
            capture_output=True,
            text=True,
        )
        vmaf = _vmaf(log) if whole else 0.0
    return Scores(
        psnr=_db(text.stderr, rf"PSNR y:({_NUMBER})"),
        colour=_db(text.stderr, rf"PSNR y:.*average:({_NUMBER})"),
        ssim=float(_found(text.stderr, rf"SSIM Y:({_NUMBER})")),
        xpsnr=_db(text.stderr, rf"XPSNR\s+y:\s*({_NUMBER})") if whole else 0.0,
        vmaf=vmaf,
    )


def _command(file: Path, master: Path, log: Path | None) -> list[str]:
    """What compares; XPSNR and VMAF too where there is a log for them."""
    filters = {"p": "psnr", "s": "ssim"}
    if log is not None:
        model = "model=version=vmaf_v0.6.1neg:n_threads=2"
        filters |= {"x": "xpsnr", "v": f"libvmaf={model}:log_fmt=json:log_path={log}"}
    same = f"settb=1/1000,setpts=N*40,format=yuv420p,split={len(filters)}"
    graph = [
        *(f"[{n}:v]{same}" + "".join(f"[{n}{k}]" for k in filters) for n in (0, 1)),
        *(f"{_pair(k)}{expression}[{k}]" for k, expression in filters.items()),
    ]
    outputs = [part for k in filters for part in ("-map", f"[{k}]", "-f", "null", "-")]
    inputs = ("-i", str(file), "-i", str(master))
    # Progress would be written into the midst of the scores.
    return [FFMPEG, "-nostats", *inputs, "-filter_complex", ";".join(graph), *outputs]


def _pair(key: str) -> str:
    """A filter's two inputs. XPSNR weighs errors by what its first one shows: that is the master,
    or noise would hide itself. VMAF takes the master last; the others do not mind."""
    return f"[1{key}][0{key}]" if key == "x" else f"[0{key}][1{key}]"


def _vmaf(log: Path) -> float:
    return float(json.loads(log.read_text())["pooled_metrics"]["vmaf"]["mean"])


def _found(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ValueError(f"FFmpeg did not say {pattern}: {text[-500:]}")
    return found.group(1)


def _db(text: str, pattern: str) -> float:
    return min(float(_found(text, pattern)), BEST_PSNR)
