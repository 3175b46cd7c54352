"""Writes docs/quality.md."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.quality.costs import Cost
from benchmarks.quality.encoding import LEVEL, Encoding
from benchmarks.quality.running import Result
from benchmarks.quality.scores import Scores

BARS = {
    "noise 5": "PSNR ≥ +3.5, VMAF ≥ −2",
    "noise 10": "PSNR ≥ +6, VMAF ≥ −2",
    "noise 20": "PSNR ≥ +8, VMAF ≥ −2",
    "dark": "PSNR ≥ +8",
    "low contrast": "PSNR ≥ +8",
    "warm cast": "colour > +0.5, each ≥ 0",
    "green cast": "colour > +0.5, each ≥ 0",
    "blur 1.2": "PSNR ≥ +0.5, each ≥ −0.3",
    "H.264 crf 36": "PSNR ≥ +0.2",
    "MPEG-4 q 18": "PSNR ≥ +0.2",
    "interlaced": "PSNR ≥ +6",
    "dark, noise 10": "each PSNR > 0",
    "noise 8, H.264 crf 26": "each PSNR > 0",
    "flat, cast, noise 6": "each PSNR > 0",
    "interlaced, noise 8": "each PSNR > 0",
}

_HEAD = """# Quality

How good enhanced videos are, measured against clean ones. `make bench-quality` makes this page.

Clean clips of a second are damaged in known ways; `reelworks enhance`, as it comes out of the
box, makes a file of the damaged file; and both are scored against the clean clip by FFmpeg's
own filters. The clips were split in advance: all thresholds and strengths were fitted on
{tuned} clips for tuning, and everything below is of {held} other clips. {where}

Damaged clips are stored without loss, but where the damage is the encoding. *PSNR* is that of
luma in dB, *colour* that of luma and chroma together; *SSIM* and *XPSNR* are of luma; *VMAF* is
its NEG model, which does not pay for sharpening. All figures are changes against the damaged
clip: the mean over the clips, and in brackets the worst clip.

## What Reelworks gains

"""


def page(
    results: list[Result],
    costs: Iterable[Cost],
    encodings: Iterable[Encoding],
    pictures: Iterable[tuple[str, Path]],
    *,
    tuned: int,
    with_corpus: bool,
) -> str:
    """The whole page in Markdown."""
    held = len({r.clip for r in results})
    where = (
        "They are real videos, and photographs under a moving camera."
        if with_corpus
        else "They are photographs under a moving camera; no real videos were on this machine."
    )
    parts = [
        _HEAD.format(tuned=tuned, held=held, where=where) + gains(results),
        "## Beside what people use\n\nMean gains in PSNR and SSIM. *Recipe* is "
        "`hqdn3d, eq, unsharp` of FFmpeg, *loop* the OpenCV tutorials' bilateral filter, CLAHE and "
        "unsharp mask, *nlmeans* FFmpeg's at full width and the best of three strengths for each "
        "clip.\n\n" + rivals(results),
        "## Clean clips\n\n" + clean(results),
        "## Cost\n\nThe limit is decoding and encoding again (x264 veryfast, crf 18) without any "
        "filter, of 1080p at 25 pictures a second: 300 pictures, in which what does not grow with "
        "the film weighs most, and for some a minute. `auto` is the whole command: check, "
        "analysis, encoding, verification, proof. Each run stands beside a run of the limit; "
        "medians, and the range where there were several runs. Where other work ran on the "
        "machine, the processor time is the surer figure.\n\n"
        "| what | time ÷ limit | processor time ÷ limit | bar |\n|---|---|---|---|\n"
        + "\n".join(c.row() for c in costs),
        f"## Encoders\n\nSize at {LEVEL:.0f} dB, and processor time, against x264 veryfast, on "
        "clean clips. Why these are used as they are: decision 0013.\n\n"
        "| encoder | size | time |\n|---|---|---|\n"
        + "\n".join(f"| {e.name} | {e.size:.2f} | {e.time:.2f} |" for e in encodings),
        "## Before and after\n\nDamaged left, enhanced right.\n\n"
        + "\n\n".join(f"![{title}](images/{path.name})\n\n*{title}*" for title, path in pictures),
    ]
    return "\n\n".join(parts) + "\n"


def gains(results: list[Result]) -> str:
    """Reelworks' gains, a line for each damage."""
    lines = [
        "| damage | PSNR | colour | SSIM | XPSNR | VMAF | bar |",
        "|---|---|---|---|---|---|---|",
    ]
    for damage in _damages(results):
        own = [r.gain for r in results if r.damage == damage and r.rival == "Reelworks"]
        cells = [
            _cell(own, lambda s: s.psnr, 2),
            _cell(own, lambda s: s.colour, 2),
            _cell(own, lambda s: s.ssim, 3),
            _cell(own, lambda s: s.xpsnr, 2),
            _cell(own, lambda s: s.vmaf, 1),
        ]
        lines.append(f"| {damage} | {' | '.join(cells)} | {BARS.get(damage, '')} |")
    return "\n".join(lines)


def rivals(results: list[Result]) -> str:
    """Everybody's gains in PSNR and SSIM, a line for each damage."""
    names = ("Reelworks", "recipe", "loop", "nlmeans")
    lines = [f"| damage | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for damage in _damages(results):
        cells = []
        for name in names:
            own = [r.gain for r in results if r.damage == damage and r.rival.startswith(name)]
            psnr, ssim = (_mean(own, f) for f in (lambda s: s.psnr, lambda s: s.ssim))
            cells.append(f"{psnr:+.2f} / {ssim:+.3f}" if own else "")
        lines.append(f"| {damage} | {' | '.join(cells)} |")
    return "\n".join(lines)


def clean(results: list[Result]) -> str:
    """What became of clips that nothing is wrong with."""
    own = [r for r in results if r.damage.startswith("clean") and r.rival == "Reelworks"]
    untouched = sum(r.untouched for r in own)
    worst = min(r.gain.psnr for r in own)
    return (
        f"{untouched} of {len(own)} were left untouched, byte for byte; the worst loss is "
        f"{-worst if worst else 0.0:.2f} dB (bar: 95 % untouched, no loss above 0.5 dB)."
    )


def _damages(results: list[Result]) -> list[str]:
    return list(dict.fromkeys(r.damage for r in results))


def _mean(scores: list[Scores], value: Callable[[Scores], float]) -> float:
    return statistics.mean(value(s) for s in scores) if scores else 0.0


def _cell(scores: list[Scores], value: Callable[[Scores], float], digits: int) -> str:
    return f"{_mean(scores, value):+.{digits}f} ({min(value(s) for s in scores):+.{digits}f})"
