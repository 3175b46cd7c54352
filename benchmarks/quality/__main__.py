"""``make bench-quality``: damage, enhance, score; writes docs/quality.md when run whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.corpus import CORPUS

from benchmarks.quality import rivals
from benchmarks.quality.costs import costs
from benchmarks.quality.damages import DAMAGES
from benchmarks.quality.encoding import encodings
from benchmarks.quality.masters import masters
from benchmarks.quality.pictures import pictures
from benchmarks.quality.running import run
from benchmarks.quality.writing import gains, page
from benchmarks.quality.writing import rivals as rivals_table

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> None:
    """Run what is asked for and print it; run whole, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("tune", "held"), default="held")
    parser.add_argument("--damage", action="append", help="only damages that begin so")
    parser.add_argument("--runs", type=int, default=3, help="of each cost")
    parser.add_argument("--jobs", type=int, default=2, help="clips side by side")
    given = parser.parse_args()
    damages = [
        d for d in DAMAGES if not given.damage or any(d.name.startswith(n) for n in given.damage)
    ]
    others = {"recipe": rivals.recipe, "loop": rivals.loop}
    results = []
    for result in run(masters(given.split), damages, others, given.jobs):
        results.append(result)
        gain = result.gain
        print(
            f"{result.damage} · {result.clip} · {result.rival}: {gain.psnr:+.2f} dB, "
            f"SSIM {gain.ssim:+.3f}",
            flush=True,
        )
    print(gains(results), rivals_table(results), sep="\n\n")
    if given.split == "tune" or given.damage:
        return
    text = page(
        results,
        costs(given.runs),
        encodings(masters("tune")[:5]),
        pictures(DOCS / "images"),
        tuned=len(masters("tune")),
        with_corpus=(CORPUS / "manifest.json").exists(),
    )
    (DOCS / "quality.md").write_text(text)


if __name__ == "__main__":
    main()
