"""A TCP relay between programs and a server, whose connections can be cut or go silent."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

Address = Path | tuple[str, int]
"""A socket in the file system, or a host and a port."""

_PIECE_BYTES = 64 << 10


class Relay:
    """Passes bytes on, in a thread of its own, until told otherwise."""

    def __init__(self, upstream: Address) -> None:
        self._upstream = upstream
        self._writers: set[asyncio.StreamWriter] = set()
        self._passed = {"up": 0, "down": 0}
        self._waiting = 0
        self._loop = asyncio.new_event_loop()
        self._passing = asyncio.Event()
        self._passing.set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._thread.start()
        opened = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
        self._server = opened.result(10)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """Every connection breaks now; new ones may be made at once."""
        self._loop.call_soon_threadsafe(self._cut)

    def silence(self) -> None:
        """Nothing passes any more, and nobody is told; new connections are taken, and hang."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def resume(self) -> None:
        """Things pass again. What was silenced is cut: whoever waited must begin anew."""
        self._loop.call_soon_threadsafe(self._cut)
        self._loop.call_soon_threadsafe(self._passing.set)

    def waiting(self) -> int:
        """How many connections are taken, and go no further for as long as it is silent."""
        return self._waiting

    def passed(self) -> tuple[int, int]:
        """How many bytes went to the server so far, and how many came from it."""
        return self._passed["up"], self._passed["down"]

    def end(self) -> None:
        """Close everything."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _open(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _end(self) -> None:
        self._server.close()
        self._passing.set()
        self._cut()
        while self._writers:  # each forgets its own
            await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            self._waiting += 1
            await self._passing.wait()
            self._waiting -= 1
            far_reader, far_writer = await self._reach()
        except OSError:  # there is no server now: the caller sees its connection break
            self._forget(writer)
            return
        self._writers.add(far_writer)
        await asyncio.gather(
            self._pass(reader, far_writer, "up"), self._pass(far_reader, writer, "down")
        )
        self._forget(writer, far_writer)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, Path):
            return await asyncio.open_unix_connection(self._upstream)
        return await asyncio.open_connection(*self._upstream)

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str
    ) -> None:
        try:
            while data := await reader.read(_PIECE_BYTES):
                await self._passing.wait()
                self._passed[way] += len(data)
                writer.write(data)
                await writer.drain()
        except OSError:  # one of the two is gone, so the other is of no use
            pass
        finally:
            writer.close()

    def _forget(self, *writers: asyncio.StreamWriter) -> None:
        for writer in writers:
            writer.transport.abort()
            self._writers.discard(writer)
