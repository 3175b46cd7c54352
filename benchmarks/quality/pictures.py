"""The pictures of docs/quality.md: damaged left, enhanced right, of photographs that are free."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.quality.damages import by_name
from benchmarks.quality.masters import PHOTOGRAPHS, load
from benchmarks.quality.rivals import silent
from reelworks.jobs.single import enhance_file
from reelworks.media.options import DEFAULT_PRESET, Options
from reelworks.media.process import Children
from reelworks.media.tools import find_tools

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
        tools = find_tools(None, Children())
        output = Path(name) / "enhanced.mp4"
        enhance_file(tools, source, output, DEFAULT_PRESET, Options.of(), silent, compare=target)
    return f"{clip}: {damage}", target
