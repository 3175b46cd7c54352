"""One run: an installation, traffic, a storm, and what is left when it has passed."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.observer import ProgressObserver
from tests.chaos.faults import Storm
from tests.chaos.installation import Installation
from tests.chaos.stores import leftovers, published
from tests.chaos.traffic import CLIENTS, Traffic
from tests.chaos.watching import Watcher
from tests.waiting import wait_for

_DRAIN_SECONDS = 300.0
_TIDY_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How hard to hit.

    Attributes:
        store: ``disk`` or ``s3``.
        seed: of every choice that is made here; the moments at which programs are hit are still
            the machine's.
        gap_seconds: the shortest and longest time between two faults.
    """

    store: str
    seconds: float
    seed: int
    gap_seconds: tuple[float, float] = (4.0, 16.0)
    most_unfinished: int = 6


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        violations: what should never have been, in words.
    """

    store: str
    seconds: float
    seed: int
    faults: Counter[str]
    ends: Counter[str]
    refused: Counter[str]
    accepted: int
    completed: int
    looked_at: int
    replaced: int
    messages: int
    violations: list[str] = field(default_factory=list)

    def summary(self) -> str:
        """All of it in one line."""
        kinds = ", ".join(f"{name} {count}" for name, count in sorted(self.faults.items()))
        bad = Counter(violation.partition(":")[0] for violation in self.violations)
        found = ", ".join(
            f"{name} {bad.get(name, 0)}"
            for name in ("lost", "failed", "doubled", "partial", "frames", "metadata", "back")
        )
        return (
            f"chaos: {self.seconds / 60:.1f} minutes, PostgreSQL and {self.store}, "
            f"seed {self.seed}, "
            f"{sum(self.faults.values())} faults ({kinds}); uploads accepted {self.accepted}, "
            f"completed {self.completed}, {found}, FFmpeg left {bad.get('child', 0)}, "
            f"files left {bad.get('file', 0)}; results decoded {self.looked_at}, "
            f"replaced {self.replaced}; socket messages {self.messages}; "
            f"uploads not accepted {dict(self.refused)}; programs that left {dict(self.ends)}"
        )


def run(folder: Path, plan: Plan) -> Outcome:
    """Let a storm pass over an installation. Its logs are in ``folder`` afterwards."""
    chance = random.Random(plan.seed)
    with ExitStack() as held:
        installation = Installation(folder, plan.store)
        held.callback(installation.end)
        sockets = [held.enter_context(ProgressObserver(installation, client)) for client in CLIENTS]
        traffic = Traffic(installation.urls, random.Random(chance.random()), plan.most_unfinished)
        watcher = Watcher(installation.urls, traffic)
        held.callback(watcher.end)
        storm = Storm(installation, random.Random(chance.random()), plan.gap_seconds)
        begin = time.monotonic()
        time.sleep(plan.seconds)  # the storm itself
        seconds = time.monotonic() - begin
        storm.end()
        traffic.end()
        violations = [*_settled(installation, watcher)]
        violations += [f"back: told on a socket: {step}" for s in sockets for step in s.steps_back]
        violations += [f"storm: {error!r}" for error in storm.errors]
        return Outcome(
            store=plan.store,
            seconds=seconds,
            seed=plan.seed,
            faults=storm.counts,
            ends=installation.ends(),
            refused=traffic.answers,
            accepted=len(traffic.accepted),
            completed=len(traffic.accepted) - len(watcher.unfinished),
            looked_at=watcher.looked_at,
            replaced=watcher.replaced,
            messages=sum(observer.seen for observer in sockets),
            violations=[*watcher.violations, *violations],
        )


def _settled(installation: Installation, watcher: Watcher) -> Iterator[str]:
    """Wait until all is done; yields what is not as it should be then."""
    if not _comes_true(lambda: not watcher.unfinished, _DRAIN_SECONDS):
        yield from (f"lost: {each.kind.name} {each.file_id}" for each in watcher.unfinished)
        return
    watcher.check_ends()
    watcher.check_published(published(installation.store))
    # Uploads whose answer was lost are worked on as well: these, too, come to an end.
    if not _comes_true(lambda: not installation.children(), _TIDY_SECONDS):
        yield from (f"child: {command}" for command in installation.children())
    if not _comes_true(lambda: not leftovers(installation.store), _TIDY_SECONDS):
        yield from (f"file: {path}" for path in leftovers(installation.store))


def _comes_true(question: object, seconds: float) -> bool:
    try:
        wait_for(question, "", seconds=seconds)  # type: ignore[arg-type]
    except AssertionError:
        return False
    return True


def keep_logs(folder: Path, target: Path) -> None:
    """Copy the programs' logs to where somebody can read them."""
    target.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        shutil.copy(log, target)
