"""``make bench``: measures, and writes ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import platform
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks import engine, processing, scaling, serving, sockets, spreading
from benchmarks.measuring import Row, table

_PARTS = (
    *("noisy", "dark", "metadata", "upload", "latency", "sockets"),
    *("engine", "minute", "lost", "spread"),
)
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    """Run everything, or only what is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each, in turn")
    parser.add_argument("--seconds", type=int, default=60, help="length of the clips")
    parser.add_argument("--gigabytes", type=float, default=5, help="size of the upload")
    parser.add_argument("--only", nargs="*", choices=_PARTS, help="parts of it")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="reelworks-bench-") as folder:
        rows = _measure(Path(folder), arguments)
    print(table(rows))
    if not arguments.only:
        _PAGE.write_text(_page(rows, arguments))


def _measure(folder: Path, arguments: argparse.Namespace) -> list[Row]:
    wanted = set(arguments.only or _PARTS)
    rows: list[Row] = []
    if "latency" in wanted:
        rows += serving.latency(folder, 20)
    if "sockets" in wanted:
        rows += sockets.sockets(folder / "sockets")
    rows += _of_many(folder, wanted, arguments.runs)
    if "upload" in wanted:
        rows += serving.uploads(folder, round(arguments.gigabytes * 1e9), arguments.runs)
    if wanted & {"noisy", "dark", "metadata"}:
        clips = processing.prepare(folder, arguments.seconds)
        for kind, (clip, short) in clips.items():
            if kind in wanted:
                rows += processing.enhancement(folder / kind, kind, clip, short, arguments.runs)
        if "metadata" in wanted:
            rows += processing.extraction(clips["dark"][0], arguments.runs)
    return rows


def _of_many(folder: Path, wanted: set[str], runs: int) -> list[Row]:
    """What many workers come to."""
    rows: list[Row] = []
    if "engine" in wanted:
        rows += engine.carried(4000, workers=2, slots=8)
        rows += engine.told(running=200, workers=4, seconds=60)
        rows += engine.thousands(10_000, workers=4, slots=50, seconds=2)
    if "minute" in wanted:
        rows += scaling.minute(folder / "minute")
    if "lost" in wanted:
        rows += spreading.lost(folder / "lost")
    if "spread" in wanted:
        rows += spreading.spread(folder / "spread", runs)
    return rows


def _page(rows: list[Row], arguments: argparse.Namespace) -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"""# Benchmarks

Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {psutil.cpu_count()} cores,
{memory:.0f} GB, {platform.machine()}, Python {platform.python_version()}. Everything in a row ran
in turn in the same run, {arguments.runs} times: the median of the ratios stands first, their range
behind it. Absolute times say little on a shared machine, so there are none but latencies.

{table(rows)}

- The clips are {arguments.seconds} s of 1080p, made by the benchmark: a glide over a fractal, with
  noise or darkened.
- Enhancement through the service counts from the upload's answer to the socket's «completed»: it
  includes waiting in the queue, probing, analysis, verification, publishing, and the metadata
  extraction that runs beside it.
- «By hand» is the very command line that the plan becomes, run alone.
- «Decode + encode» has the plan's encoder and options, and no filter.
- The OpenCV loop (bilateral filter, CLAHE, unsharp mask, mp4v) runs on a sixth of the clip; its
  time counts six times.
- The upload is sent by curl; the tutorial's handler copies `UploadFile` to a file.
"""


if __name__ == "__main__":
    main()
