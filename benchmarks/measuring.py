"""Times things in turn, A B A B …, so that a machine whose speed drifts drifts for all of them."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, and the bar that it is held against, in words."""

    what: str
    figure: str
    bar: str = ""


def in_turn(runs: int, works: Mapping[str, Callable[[], float | None]]) -> dict[str, list[float]]:
    """The seconds that each work took, run after run; a work may return its own reckoning."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            begin = time.perf_counter()
            own = work()
            seconds[name].append(time.perf_counter() - begin if own is None else own)
            print(f"  {name}: {seconds[name][-1]:.2f} s", flush=True)
    return seconds


def ratio(measured: list[float], reference: list[float]) -> str:
    """The median of the ratios run by run, and their range."""
    ratios = [one / other for one, other in zip(measured, reference, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def run(command: list[str]) -> None:
    """Run a command that must succeed, silently."""
    subprocess.run(
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def processor_seconds(command: list[str]) -> float:
    """Run a command that must succeed, silently; the processor time that it took."""
    return spent(lambda: run(command))[1]


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Do a work; the seconds that it took, and the processor time of it and of its children."""
    here = psutil.Process()
    begin, before = time.perf_counter(), processor_time(here)
    work()
    return time.perf_counter() - begin, processor_time(here) - before


def processor_time(process: psutil.Process) -> float:
    """Of a process, of its fork server, and of those of their children that ended."""
    family = [process, *process.children()]
    return sum(sum(each.cpu_times()[:4]) for each in family)


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | measured | bar |", "|---|---|---|"]
    lines += [f"| {row.what} | {row.figure} | {row.bar} |" for row in rows]
    return "\n".join(lines)


def remove(path: Path) -> None:
    """A result that only its making was interesting about."""
    path.unlink(missing_ok=True)
