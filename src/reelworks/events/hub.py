"""Where progress becomes socket messages: finds what changed and hands it to who listens.

State is pushed, not history. A subscription holds the newest state of each process and nothing
else, so a socket that cannot keep up is told less often, and costs no more memory.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import ParamSpec, Protocol, TypeVar

from reelworks.errors import NoThreads, Unavailable
from reelworks.events import messages
from reelworks.events.messages import Message
from reelworks.model import Process, Status
from reelworks.telemetry.outage import Outage

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.1
_AWAY_SECONDS = 0.5  # on top, while the feed does not answer
# Changes are read again for this long: a transaction may commit after one with a later time.
_OVERLAP_MS = 5_000
_ORDER = (Status.PENDING, Status.PROCESSING, Status.COMPLETED, Status.FAILED)

Key = tuple[str, str]
P = ParamSpec("P")
R = TypeVar("R")


class Feed(Protocol):
    """Where changes come from."""

    def now(self) -> int:
        """The feed's clock: milliseconds since 1970."""

    def changed_since(self, since_ms: int) -> list[Process]:
        """Processes that changed at or after a time of that clock, oldest change first."""

    def unfinished(self, client_ids: Collection[str]) -> list[Process]:
        """The processes of some clients that are not final, oldest first."""


class Subscription:
    """What one socket has yet to be told. Belongs to one event loop.

    Attributes:
        opened_at: since when, by the feed's clock. To be set before messages are asked for.
    """

    def __init__(self) -> None:
        self.opened_at = datetime.max.replace(tzinfo=UTC)
        self._newest: dict[Key, Process] = {}
        self._told: dict[Key, Process] = {}
        self._half_announced: set[str] = set()
        self._new: set[Key] = set()
        self._wake = asyncio.Event()

    def reopen(self, at_ms: int) -> None:
        """What is created from then on is new to it, as what was created since it was opened."""
        self.opened_at = min(self.opened_at, datetime.fromtimestamp(at_ms / 1000, UTC))

    def push(self, process: Process, *, is_new: bool = False) -> None:
        """A process is now in this state; an earlier one that was not yet told is forgotten.

        Args:
            is_new: whether nobody had heard of it before, whichever attempt it is at.
        """
        if is_new:
            self._new.add(_key(process))
        waiting = self._newest.get(_key(process))
        if waiting is None or _stage(waiting) <= _stage(process):
            self._newest[_key(process)] = process
            self._wake.set()

    async def messages(self) -> AsyncIterator[Message]:
        """What to send, in order, for as long as it is asked for."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._newest:
                process = self._newest.pop(next(iter(self._newest)))
                for message in self._tell(process):
                    yield message

    def _tell(self, process: Process) -> Iterator[Message]:
        last, is_new = self._told.get(_key(process)), _key(process) in self._new
        self._new.discard(_key(process))
        if last is not None and _stage(process) < _stage(last):
            return  # the look that found it began before this socket was opened
        if last is not None:
            yield from messages.status_updates(last, process)
        elif process.created_at >= self.opened_at and (is_new or process.attempt == 1):
            yield from self._introduce(process)
        elif process.attempt > 1 and _begun_by(process) >= self.opened_at:
            yield from messages.tried_again(process)
        else:
            yield messages.status_update(process)
        if process.status.is_final:
            self._told.pop(_key(process), None)
        else:
            self._told[_key(process)] = process

    def _introduce(self, process: Process) -> Iterator[Message]:
        """A video is announced once, before the first of its two processes."""
        if process.file_id in self._half_announced:
            self._half_announced.remove(process.file_id)
        else:
            self._half_announced.add(process.file_id)
            yield messages.upload_status(process)
        created = messages.as_created(process)
        yield messages.status_update(created)
        yield from messages.status_updates(created, process)


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of the feed's clock.

    Attributes:
        is_set_back: whether it is earlier than one that was told before.
    """

    now: int
    is_set_back: bool


class _Opening:
    """Sockets that are let in together.

    Attributes:
        coming: by their clients.
        done: ends when they are in, or cannot be.
    """

    done: asyncio.Task[None]

    def __init__(self) -> None:
        self.coming: dict[str, list[Subscription]] = {}


class Hub:
    """Looks for changes while anybody listens, and hands them to the client's sockets."""

    def __init__(self, feed: Feed, may_have_changed: Callable[[], bool]) -> None:
        """Args:
        feed: where changes come from.
        may_have_changed: a cheap question before the feed is read; True when in doubt.
        """
        self._feed = feed
        self._may_have_changed = may_have_changed
        self._subscriptions: dict[str, set[Subscription]] = {}
        self._since = 0
        self._latest = 0
        self._unread = False
        self._seen: dict[Key, Process] = {}
        self._listened_to = asyncio.Event()
        self._opening = asyncio.Lock()
        self._next: _Opening | None = None

    @asynccontextmanager
    async def subscribe(self, client_id: str) -> AsyncIterator[Subscription]:
        """What happens to a client's videos from now on, and how its unfinished ones stand."""
        subscription = Subscription()
        self._subscriptions.setdefault(client_id, set()).add(subscription)
        try:
            await self._opened(client_id, subscription)
            yield subscription
        finally:
            self._unsubscribe(client_id, subscription)

    async def _opened(self, client_id: str, subscription: Subscription) -> None:
        """Who comes while others are let in is let in after them, together with all who do: when
        a service is started again, its clients come back at once."""
        if self._next is None:
            self._next = _Opening()
            self._next.done = asyncio.create_task(self._let_in(self._next))
        opening = self._next
        opening.coming.setdefault(client_id, []).append(subscription)
        await asyncio.shield(opening.done)

    async def _let_in(self, opening: _Opening) -> None:
        async with self._opening:
            self._next = None
            now = self._heed(await _aside(self._ask_time))
            if not self._listened_to.is_set():
                await self._skip_to(now)
            if self._subscriptions:
                self._listened_to.set()
            unfinished = await _aside(self._feed.unfinished, opening.coming)
        for subscription in chain.from_iterable(opening.coming.values()):
            subscription.reopen(now)
        for process in unfinished:
            for subscription in opening.coming[process.client_id or ""]:
                subscription.push(process)

    async def _skip_to(self, now: int) -> None:
        """What changed while nobody listened is known, and not told."""
        self._since = now - _OVERLAP_MS
        missed = await _aside(self._feed.changed_since, self._since)
        self._seen = {_key(process): process for process in missed}

    def _unsubscribe(self, client_id: str, subscription: Subscription) -> None:
        of_client = self._subscriptions[client_id]
        of_client.discard(subscription)
        if not of_client:
            del self._subscriptions[client_id]
        if not self._subscriptions:
            self._listened_to.clear()

    async def run(self) -> None:
        """Hand out changes until cancelled."""
        outage = Outage(log, "changes cannot be read", "changes can be read again")
        while True:
            await self._listened_to.wait()
            try:
                if look := await _aside(self._look):
                    self._hand_out(*look)
                outage.succeeded()
            except Unavailable as error:  # the sockets stay open; a later look may succeed
                outage.failed(error)
                await asyncio.sleep(_AWAY_SECONDS)
            except Exception:
                log.exception("changes could not be read")
                await asyncio.sleep(_AWAY_SECONDS)
            await asyncio.sleep(_POLL_SECONDS)

    def _look(self) -> tuple[_Time, list[Process]] | None:
        if not (self._may_have_changed() or self._unread):
            return None
        self._unread = True  # unless the next lines succeed
        time = self._ask_time()
        changes = self._feed.changed_since(min(self._since, time.now - _OVERLAP_MS))
        self._unread = False
        return time, changes

    def _ask_time(self) -> _Time:
        latest = self._latest  # known before the question, whoever asks meanwhile
        now = self._feed.now()
        return _Time(now, is_set_back=now < latest)

    def _heed(self, time: _Time) -> int:
        """What time it is now. What is new from now on is older than the sockets that are open,
        where the clock was set back."""
        if time.is_set_back:
            for subscription in chain.from_iterable(self._subscriptions.values()):
                subscription.reopen(time.now - _OVERLAP_MS)
        self._latest = time.now if time.is_set_back else max(self._latest, time.now)
        return time.now

    def _hand_out(self, time: _Time, changes: Iterable[Process]) -> None:
        now, horizon = self._heed(time), self._since
        begin = now - _OVERLAP_MS

        def was_read(moment: datetime) -> bool:
            """Behind the horizon, or, after the clock was set back, still ahead of it."""
            return _milliseconds(moment) < horizon and not begin <= _milliseconds(moment) <= now

        self._since = min(horizon, begin)
        for process in changes:
            before = self._seen.get(_key(process))
            self._seen[_key(process)] = process
            if before == process or (before is None and was_read(process.updated_at)):
                continue
            # What was created behind the horizon and seen would still be among what was seen.
            is_new = before is None and not was_read(process.created_at)
            for subscription in self._subscriptions.get(process.client_id or "", ()):
                subscription.push(process, is_new=is_new)
            changed_at = min(_milliseconds(process.updated_at), now)
            self._since = max(self._since, changed_at - _OVERLAP_MS)
        self._seen = {
            key: process
            for key, process in self._seen.items()
            if _milliseconds(process.updated_at) >= self._since
        }


async def _aside(ask: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Ask in a thread. Raises NoThreads."""
    try:
        return await asyncio.to_thread(ask, *args, **kwargs)
    except RuntimeError as error:
        if NoThreads.is_meant(error):
            raise NoThreads from error
        raise


def _key(process: Process) -> Key:
    return process.file_id, process.process_type


def _stage(process: Process) -> tuple[int, int, int]:
    """How far it is. It never goes back, as a clock may."""
    return process.attempt, _ORDER.index(process.status), process.progress


def _begun_by(process: Process) -> datetime:
    return process.started_at or process.updated_at


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
