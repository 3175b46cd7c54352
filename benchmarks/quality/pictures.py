"""The pictures of docs/quality.md: damaged left, enhanced right, of photographs that are free."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.quality import rivals
from benchmarks.quality.damages import by_name
from benchmarks.quality.masters import PHOTOGRAPHS, load

SHOWN = (
    ("cat", "noise 20"),
    ("rocket", "dark, noise 10"),
    ("cat", "flat, cast, noise 6"),
    ("rocket", "interlaced"),
)


def pictures(folder: Path) -> list[tuple[str, Path]]:
    """Write them; (what is shown, where it is)."""
    return [_picture(clip, damage, folder) for clip, damage in SHOWN]


def _picture(clip: str, damage: str, folder: Path) -> tuple[str, Path]:
    master = next(m for m in PHOTOGRAPHS if m.name == clip)
    target = folder / f"quality-{clip}-{damage.replace(', ', '-').replace(' ', '-')}.jpg"
    with tempfile.TemporaryDirectory() as name:
        source, _ = by_name(damage).apply(load(master), Path(name) / "damaged")
        rivals.reelworks(source, Path(name) / "enhanced.mp4", compare=target)
    return f"{clip}: {damage}", target
