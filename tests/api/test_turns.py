"""Uploads are checked a few at a time, each client's in its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from reelworks.api.turns import Turns
from tests.api.conftest import OpenedApi
from tests.clips import plain


def test_a_client_that_comes_late_is_next() -> None:
    served: list[str] = []

    async def be_served(turns: Turns, client: str) -> None:
        async with turns.turn(client[0]):
            served.append(client)
            await asyncio.sleep(0)

    async def main() -> None:
        turns = Turns(2)
        await asyncio.gather(
            *(
                be_served(turns, client)
                for client in ["a1", "a2", "a3", "a4", "a5", "b1", "c1", "b2"]
            )
        )

    asyncio.run(main())
    assert served == ["a1", "a2", "a3", "b1", "c1", "a4", "b2", "a5"]


def test_who_gives_up_waiting_takes_no_place_along() -> None:
    async def main() -> None:
        turns = Turns(1)

        async def wait() -> None:
            async with turns.turn("a"):
                pass

        async with turns.turn("b"):
            early, called = asyncio.create_task(wait()), asyncio.create_task(wait())
            await asyncio.sleep(0)
            early.cancel()
        called.cancel()  # its place was just given to it
        for task in (early, called):
            with suppress(asyncio.CancelledError):
                await task
        async with asyncio.timeout(5), turns.turn("c"):
            pass

    asyncio.run(main())


def test_the_upload_of_who_has_gone_while_it_waited_is_not_kept(api: OpenedApi) -> None:
    """Who gives up after a minute sends the same again: it would be there twice."""
    body = b"".join(
        (
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n',
            plain().read_bytes(),
            b"\r\n--x--\r\n",
        )
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/upload",
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=x")],
    }
    comes: Iterator[dict[str, Any]] = iter([{"type": "http.request", "body": body}])
    answers: list[Any] = []

    async def receive() -> dict[str, Any]:
        return next(comes, {"type": "http.disconnect"})

    async def send(message: Any) -> None:
        answers.append(message)

    asyncio.run(api.app(scope, receive, send))
    assert answers[0]["status"] == 400
    assert api.files() == set()
