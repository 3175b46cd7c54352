"""Changes on their way to the sockets, from a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from threading import Event
from typing import Any

import pytest
import sqlalchemy as sa

from reelworks.engine.changes import watch
from reelworks.engine.interventions import Interventions
from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.engine.tables import processes
from reelworks.errors import NoThreads
from reelworks.events.hub import Hub, Subscription
from reelworks.events.messages import Message
from reelworks.model import Process, ProcessType
from tests.limits import without_threads
from tests.videos import add_video

ENHANCEMENT, EXTRACTION = ProcessType.VIDEO_ENHANCEMENT, ProcessType.METADATA_EXTRACTION


@asynccontextmanager
async def running(records: Records) -> AsyncIterator[Hub]:
    changes = watch(records.engine)
    hub = Hub(records, changes.changed)
    task = asyncio.create_task(hub.run())
    yield hub
    task.cancel()
    changes.close()


def summary(message: Message) -> tuple[Any, ...]:
    body = message.model_dump()
    kind = body.get("process_type", body["type"])
    return kind, body["status"], body.get("progress")


async def take(subscription: Subscription, count: int) -> list[tuple[Any, ...]]:
    """The next messages, as (type or process, status, progress)."""
    taken: list[tuple[Any, ...]] = []
    async with asyncio.timeout(10):
        async for message in subscription.messages():
            taken.append(summary(message))
            if len(taken) == count:
                return taken
    raise AssertionError


def run(records: Records, test: Callable[[Hub], Awaitable[None]]) -> None:
    async def main() -> None:
        async with running(records) as hub:
            await test(hub)

    asyncio.run(main())


def test_an_upload_is_announced_before_its_processes(records: Records) -> None:
    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            add_video(records)
            assert await take(subscription, 3) == [
                ("upload_status", "uploaded", None),
                ("video_enhancement", "pending", 0),
                ("metadata_extraction", "pending", 0),
            ]

    run(records, test)


def test_a_quick_process_is_still_seen_pending_processing_completed(records: Records) -> None:
    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            file_id = add_video(records)
            records.begin(file_id, ENHANCEMENT)
            records.complete(file_id, ENHANCEMENT)
            messages = await take(subscription, 5)
            assert messages[0] == ("upload_status", "uploaded", None)
            assert [message for message in messages if message[0] == "video_enhancement"] == [
                ("video_enhancement", "pending", 0),
                ("video_enhancement", "processing", 0),
                ("video_enhancement", "completed", 100),
            ]

    run(records, test)


def test_who_reconnects_is_told_how_unfinished_processes_stand(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 40)
    records.complete(file_id, EXTRACTION)

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            assert await take(subscription, 1) == [("video_enhancement", "processing", 40)]
            records.complete(file_id, ENHANCEMENT)
            assert await take(subscription, 1) == [("video_enhancement", "completed", 100)]

    run(records, test)


def test_a_retry_is_told_as_a_new_beginning_and_the_upload_not_again(records: Records) -> None:
    interventions = Interventions(records, Queue(records.engine))

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            told = subscription.messages()  # one, as a socket has it
            file_id = add_video(records)
            introduced = [await anext(told) for _ in range(3)]
            assert [summary(each)[0] for each in introduced].count("upload_status") == 1
            interventions.cancel(file_id)
            assert [summary(await anext(told))[1] for _ in range(2)] == ["failed", "failed"]
            interventions.retry(file_id)
            again = [await anext(told) for _ in range(2)]
            assert [summary(each)[1:] for each in again] == [("pending", 0)] * 2

    run(records, test)


def test_of_a_deleted_video_what_is_unfinished_is_told_as_failed(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    records.advance(file_id, ENHANCEMENT, 40)
    records.complete(file_id, EXTRACTION)

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            await take(subscription, 1)
            Interventions(records, Queue(records.engine)).delete(file_id, lambda _plan: None)
            assert await take(subscription, 1) == [("video_enhancement", "failed", 40)]
        async with hub.subscribe("me") as later:
            add_video(records)
            assert (await take(later, 1))[0][0] == "upload_status"

    run(records, test)


def test_sockets_that_come_at_once_are_let_in_together(records: Records) -> None:
    looks: list[str] = []

    class Watched(Records):
        def reading(self) -> AbstractContextManager[sa.Connection]:
            looks.append("reading")
            return super().reading()

    files = {client: add_video(records, client_id=client) for client in ("me", "you")}
    for file_id in files.values():
        records.complete(file_id, EXTRACTION)

    async def stand(hub: Hub, client: str) -> set[str]:
        async with hub.subscribe(client) as subscription, asyncio.timeout(10):
            message = await anext(subscription.messages())
            return {message.model_dump()["file_id"]}

    async def main() -> None:
        hub = Hub(Watched(records.engine), lambda: False)
        task = asyncio.create_task(hub.run())
        clients = ["me", "you"] * 100
        told = await asyncio.gather(*(stand(hub, client) for client in clients))
        assert told == [{files[client]} for client in clients]
        task.cancel()

    asyncio.run(main())
    assert len(looks) < 10


def test_every_socket_of_a_client_is_told_and_no_other(records: Records) -> None:
    async def test(hub: Hub) -> None:
        async with (
            hub.subscribe("me") as first,
            hub.subscribe("me") as second,
            hub.subscribe("you") as other,
        ):
            add_video(records)
            await take(first, 3)
            await take(second, 3)
            add_video(records, client_id="you")
            assert (await take(other, 1))[0] == ("upload_status", "uploaded", None)

    run(records, test)


def test_a_slow_socket_gets_the_newest_state_and_no_backlog(records: Records) -> None:
    file_id = add_video(records)

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as slow, hub.subscribe("me") as quick:
            await take(slow, 2)
            await take(quick, 2)
            for progress in (10, 20, 30):
                records.begin(file_id, ENHANCEMENT)
                records.advance(file_id, ENHANCEMENT, progress)
                await take(quick, 1)
            assert await take(slow, 1) == [("video_enhancement", "processing", 30)]

    run(records, test)


def test_a_look_that_ends_late_takes_nothing_back(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)
    has_looked, is_told = Event(), Event()

    class Slow(Records):
        def changed_since(self, since_ms: int) -> list[Process]:
            changes = super().changed_since(since_ms)
            if any(process.progress == 40 for process in changes):
                has_looked.set()
                assert is_told.wait(10)
            return changes

    async def main() -> None:
        hub = Hub(Slow(records.engine), lambda: True)
        task = asyncio.create_task(hub.run())
        async with hub.subscribe("you"):
            records.advance(file_id, ENHANCEMENT, 40)
            assert await asyncio.to_thread(has_looked.wait, 10)
            records.advance(file_id, ENHANCEMENT, 50)
            async with hub.subscribe("me") as subscription:
                told = subscription.messages()
                first = {summary(await anext(told)) for _ in range(2)}
                assert ("video_enhancement", "processing", 50) in first
                is_told.set()
                records.complete(file_id, ENHANCEMENT)
                async with asyncio.timeout(10):
                    assert summary(await anext(told))[1:] == ("completed", 100)
        task.cancel()

    asyncio.run(main())


def test_a_slow_socket_is_told_of_a_retry_from_the_beginning(records: Records) -> None:
    interventions = Interventions(records, Queue(records.engine))

    def retried(file_id: str, progress: int) -> None:
        records.fail(file_id, ENHANCEMENT, "It broke.")
        interventions.retry(file_id)
        records.begin(file_id, ENHANCEMENT)
        records.advance(file_id, ENHANCEMENT, progress)

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as slow, hub.subscribe("me") as quick:
            file_id = add_video(records)
            records.complete(file_id, EXTRACTION)
            records.begin(file_id, ENHANCEMENT)
            records.advance(file_id, ENHANCEMENT, 90)
            await _until(slow, 90)
            retried(file_id, 30)
            await _until(quick, 30)
            assert await take(slow, 2) == [
                ("video_enhancement", "pending", 0),
                ("video_enhancement", "processing", 30),
            ]
            async with hub.subscribe("me") as later:
                assert await take(later, 1) == [("video_enhancement", "processing", 30)]
                records.fail(file_id, ENHANCEMENT, "It broke.")
                assert await take(later, 1) == [("video_enhancement", "failed", 30)]
                retried(file_id, 20)
                records.fail(file_id, ENHANCEMENT, "It broke.")
                assert await take(later, 3) == [
                    ("video_enhancement", "pending", 0),
                    ("video_enhancement", "processing", 0),
                    ("video_enhancement", "failed", 20),
                ]

    run(records, test)


def test_an_upload_that_is_tried_again_before_anybody_looked_is_announced(
    records: Records,
) -> None:
    interventions = Interventions(records, Queue(records.engine))
    may_look = Event()

    async def main() -> None:
        hub = Hub(records, may_look.is_set)
        task = asyncio.create_task(hub.run())
        async with hub.subscribe("me") as subscription, asyncio.timeout(10):
            told = subscription.messages()
            file_id = add_video(records)
            interventions.cancel(file_id)
            interventions.retry(file_id)
            may_look.set()
            assert summary(await anext(told)) == ("upload_status", "uploaded", None)
            introduced = [summary(await anext(told)) for _ in range(4)]
            assert {each[1:] for each in introduced} == {("pending", 0)}
            interventions.cancel(file_id)
            assert [summary(await anext(told))[1] for _ in range(2)] == ["failed", "failed"]
            interventions.retry(file_id)
            assert [summary(await anext(told))[1] for _ in range(2)] == ["pending", "pending"]
        task.cancel()

    asyncio.run(main())


async def _until(subscription: Subscription, progress: int, status: str = "processing") -> None:
    async with asyncio.timeout(10):
        async for message in subscription.messages():
            if summary(message) == ("video_enhancement", status, progress):
                return


def test_a_clock_that_is_set_back_silences_no_socket(records: Records) -> None:
    file_id = add_video(records)
    records.begin(file_id, ENHANCEMENT)

    async def test(hub: Hub) -> None:
        async with hub.subscribe("me") as subscription:
            await take(subscription, 2)
            records.advance(file_id, ENHANCEMENT, 40)
            with records.writing() as connection:
                connection.execute(
                    processes.update().values(updated_at=processes.c.updated_at + 3600_000)
                )
            await _until(subscription, 40)
            records.advance(file_id, ENHANCEMENT, 50)
            await _until(subscription, 50)
            records.complete(file_id, ENHANCEMENT)
            await _until(subscription, 100, "completed")
            add_video(records)
            assert (await take(subscription, 1))[0][0] == "upload_status"

    run(records, test)


def test_after_a_clock_is_set_back_what_is_new_is_announced_and_what_is_known_is_not_told_again(
    records: Records,
) -> None:
    hour_ms, minute_ms = 3600_000, 60_000
    may_look = Event()

    class Ahead(Records):
        """Its clock is ahead until it is set."""

        ahead_ms = hour_ms

        def now(self) -> int:
            return super().now() + self.ahead_ms

    feed = Ahead(records.engine)

    def finished(since_ms: int) -> str:
        file_id = add_video(records)
        with records.writing() as connection:
            moments = ("created_at", "started_at", "updated_at")
            connection.execute(
                processes.update()
                .where(processes.c.file_id == file_id)
                .values(
                    {name: processes.c[name] + since_ms for name in moments}
                    | {"status": "completed", "progress": 100}
                )
            )
        return file_id

    async def told_of(told: AsyncIterator[Message], file_id: str, end: str) -> list[Any]:
        """The messages until both processes of a file have come to a status."""
        found: list[Any] = []
        while [each["status"] for each in found if each["file_id"] == file_id].count(end) < 2:
            found.append((await anext(told)).model_dump())
        return found

    async def main() -> None:
        hub = Hub(feed, may_look.is_set)
        task = asyncio.create_task(hub.run())
        async with hub.subscribe("me") as subscription, asyncio.timeout(10):
            told = subscription.messages()
            may_look.set()
            for since_ms in (hour_ms + minute_ms, hour_ms + 2 * minute_ms):
                await told_of(told, finished(since_ms), "completed")
            feed.ahead_ms = 0
            file_id = add_video(records)
            messages = await told_of(told, file_id, "pending")
            assert {each["file_id"] for each in messages} == {file_id}
            assert messages[0]["type"] == "upload_status"
            records.complete(file_id, ENHANCEMENT)
            records.complete(file_id, EXTRACTION)
            assert len(await told_of(told, file_id, "completed")) == 2
        task.cancel()

    asyncio.run(main())


def test_nobody_listening_costs_no_memory(records: Records) -> None:
    async def test(hub: Hub) -> None:
        async with hub.subscribe("me"):
            pass
        assert hub._subscriptions == {}
        assert not hub._listened_to.is_set()

    run(records, test)


def test_where_no_thread_can_be_had_no_socket_is_opened_and_the_hub_goes_on(
    records: Records, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        hub = Hub(records, lambda: True)
        with without_threads(), pytest.raises(NoThreads, match="raise the limit"):
            async with hub.subscribe("me"):
                pass
        async with running(records) as hub, hub.subscribe("me") as subscription:
            add_video(records, client_id="me")
            assert (await take(subscription, 1))[0][0] == "upload_status"

    asyncio.run(main())
    assert "Traceback" not in caplog.text
