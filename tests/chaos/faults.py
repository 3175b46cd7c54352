"""What goes wrong, each by a name: who is hit, with what, and for how long."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from reelworks.engine.leases import LEASE_SECONDS
from tests.buckets import S3Server
from tests.chaos.installation import Installation
from tests.chaos.programs import Program
from tests.chaos.relay import Relay
from tests.chaos.rooms import Room
from tests.databases import PostgresServer

_SILENT_SECONDS = 2.0, 14.0
_FULL_SECONDS = 4.0, 15.0
_DOWN_SECONDS = 0.2, 6.0


@dataclass(frozen=True)
class Fault:
    """Something that can go wrong.

    Attributes:
        victims: who can be hit; each is hit by one fault at a time.
        strike: hits one, and is over when it returns.
        weight: how often it comes, against the others.
    """

    name: str
    victims: list[object]
    strike: Callable[[object, random.Random], None]
    weight: int = 1


@dataclass
class Storm:
    """Lets things go wrong at random moments, also several at once, until it is ended.

    Attributes:
        gap_seconds: the shortest and the longest time between two faults.
        counts: how often what went wrong.
        errors: what went wrong with the faults themselves.
    """

    installation: Installation
    chance: random.Random
    gap_seconds: tuple[float, float]
    counts: Counter[str] = field(default_factory=Counter)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._faults = faults(self.installation)
        self._hit: set[int] = set()
        self._ended = threading.Event()
        self._running: list[threading.Thread] = []
        self._director = threading.Thread(target=self._direct, name="storm", daemon=True)
        self._director.start()

    def end(self) -> None:
        """Nothing more goes wrong, and what did is over."""
        self._ended.set()
        self._director.join()
        for thread in self._running:
            thread.join()

    def _direct(self) -> None:
        while not self._ended.wait(self.chance.uniform(*self.gap_seconds)):
            fault = self.chance.choices(self._faults, [fault.weight for fault in self._faults])[0]
            victim = self.chance.choice(fault.victims)
            if id(victim) in self._hit:
                continue
            self._hit.add(id(victim))
            self.counts[fault.name] += 1
            lot = random.Random(self.chance.random())
            thread = threading.Thread(target=self._strike, args=(fault, victim, lot))
            self._running.append(thread)
            thread.start()

    def _strike(self, fault: Fault, victim: object, lot: random.Random) -> None:
        try:
            fault.strike(victim, lot)
        except Exception as error:
            self.errors.append(error)
        finally:
            self._hit.discard(id(victim))


def faults(installation: Installation) -> list[Fault]:
    """All that can go wrong with an installation."""
    found = [
        Fault("worker killed", [*installation.workers], _kill_program, weight=4),
        Fault("API killed", [*installation.apis], _kill_program, weight=3),
        Fault("worker asked to leave", [*installation.workers], _restart_program),
        Fault("worker paused", [*installation.workers], _pause_program, weight=2),
        Fault("PostgreSQL killed", [installation.database], _kill_server, weight=2),
        Fault("connections cut", [*installation.wires], _cut, weight=3),
        Fault("connections silent", [*installation.wires], _silence, weight=2),
    ]
    if installation.store.server is not None:
        found.append(Fault("S3 server killed", [installation.store.server], _kill_server, weight=2))
    if small := [room for room in installation.store.rooms if room.is_small]:
        found.append(Fault("disk full", [*small], _fill, weight=3))
    return found


def _wait(lot: random.Random, shortest: float, longest: float) -> None:
    """For a time: how long a fault lasts is part of it."""
    threading.Event().wait(lot.uniform(shortest, longest))


def _kill_program(victim: object, _lot: random.Random) -> None:
    assert isinstance(victim, Program)
    victim.kill()


def _restart_program(victim: object, _lot: random.Random) -> None:
    assert isinstance(victim, Program)
    victim.restart()


def _pause_program(victim: object, lot: random.Random) -> None:
    """For longer than a lease, mostly."""
    assert isinstance(victim, Program)
    victim.pause()
    _wait(lot, 0.5 * LEASE_SECONDS, 2 * LEASE_SECONDS)
    victim.resume()


def _kill_server(victim: object, lot: random.Random) -> None:
    assert isinstance(victim, PostgresServer | S3Server)
    victim.kill()
    _wait(lot, *_DOWN_SECONDS)
    victim.start()


def _cut(victim: object, _lot: random.Random) -> None:
    assert isinstance(victim, Relay)
    victim.cut()


def _silence(victim: object, lot: random.Random) -> None:
    assert isinstance(victim, Relay)
    victim.silence()
    _wait(lot, *_SILENT_SECONDS)
    victim.resume()


def _fill(victim: object, lot: random.Random) -> None:
    assert isinstance(victim, Room)
    victim.fill()
    _wait(lot, *_FULL_SECONDS)
    victim.empty()
