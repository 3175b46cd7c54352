"""The client, for programs that block: the asynchronous one, run in a thread of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial, wraps
from threading import Event
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast
from weakref import finalize

from anyio.from_thread import start_blocking_portal

from reelworks.client.async_client import DEFAULT_URL, AsyncClient
from reelworks.client.iterating import CLOSED, Iteration

P = ParamSpec("P")
T = TypeVar("T")


def _blocking(
    method: Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Client, P], T]:
    """A method that waits for what the asynchronous one returns."""

    @wraps(method)
    def call(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._run(partial(method, self._client, *args, **kwargs))

    return call


def _iterating(
    method: Callable[Concatenate[AsyncClient, P], AsyncGenerator[T, None]],
) -> Callable[Concatenate[Client, P], Iterator[T]]:
    """A method that iterates over what the asynchronous one does."""

    @wraps(method)
    def iterate(self: Client, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        found = Iteration(method(self._client, *args, **kwargs))
        end = object()
        self._iterated.add(found)
        try:
            while (item := self._run(partial(found.next, end))) is not end:
                yield cast(T, item)
        finally:
            self._leave(found)

    return iterate


class Client:
    """Talks to a running service. May be used by several threads at once.

    It has the methods of ``AsyncClient``, and they raise what those raise. An ``on_progress`` is
    called in the client's own thread. Whatever ends a call here, such as Ctrl-C, ends it there.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        client_id: str | None = None,
        *,
        patience: float = 300.0,
        timeout: float = 30.0,
    ) -> None:
        """As of ``AsyncClient``."""
        self._client = AsyncClient(base_url, client_id, patience=patience, timeout=timeout)
        self._iterated: set[Iteration[Any]] = set()
        stack = ExitStack()
        self._portal = stack.enter_context(start_blocking_portal(name="reelworks-client"))
        # A thread that is forgotten must end as well, and before the interpreter does.
        self._end_thread = finalize(self, stack.close)

    @property
    def client_id(self) -> str:
        """Under which name videos are uploaded, listed and told about."""
        return self._client.client_id

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections, and end the thread; once more does no harm."""
        if self._end_thread.alive:
            for found in list(self._iterated):
                self._leave(found)
            self._run(self._client.close)
            self._end_thread()

    upload = _blocking(AsyncClient.upload)
    video = _blocking(AsyncClient.video)
    videos = _iterating(AsyncClient.videos)
    follow = _iterating(AsyncClient.follow)
    wait = _blocking(AsyncClient.wait)
    fetch = _blocking(AsyncClient.fetch)
    metadata = _blocking(AsyncClient.metadata)
    cancel = _blocking(AsyncClient.cancel)
    retry = _blocking(AsyncClient.retry)
    delete = _blocking(AsyncClient.delete)

    def _leave(self, found: Iteration[Any]) -> None:
        """Iterate no further; where the client was closed meanwhile, that was done already."""
        if found in self._iterated:
            self._iterated.discard(found)
            self._run(found.close)

    def _run(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not self._end_thread.alive:
            raise RuntimeError(CLOSED)
        ended = Event()

        async def run() -> T:
            try:
                return await call()
            finally:
                ended.set()

        future: Future[T] = self._portal.start_task_soon(run)
        try:
            return future.result()
        except BaseException:
            if future.cancel():  # it was not the call that raised: it ends now, and is waited for
                ended.wait()
            raise
