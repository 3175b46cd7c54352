"""Calls that may block for ever, such as reading a pipe of which nothing comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def aside(call: Callable[[], T]) -> T:
    """What a call returns, which is made in a thread that nobody waits for.

    Who gives up waiting goes on at once, and the program ends when it is to: the threads of
    ``asyncio.to_thread`` are waited for at the end, whatever holds them.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(outcome: Callable[[], None]) -> None:
        if not answer.done():
            outcome()

    def run() -> None:
        outcome: Callable[[], None]
        try:
            outcome = partial(answer.set_result, call())
        except BaseException as error:  # raised where it is waited for
            outcome = partial(answer.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, outcome)

    Thread(target=run, name="reelworks-aside", daemon=True).start()
    return await answer
