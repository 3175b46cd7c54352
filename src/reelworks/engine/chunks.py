"""The chunks of long videos: who has encoded which, and what comes after the last.

Nobody waits for chunks. Whoever encoded the last one queues what joins them, in the very
transaction that writes it down: there is no moment at which a crash could leave a video between
the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from reelworks.engine.database import now_ms
from reelworks.engine.queue import CHUNK, JOIN, Queue
from reelworks.engine.records import Records, lock_for
from reelworks.engine.tables import chunks, videos
from reelworks.model import Work


@dataclass(frozen=True, kw_only=True, slots=True)
class NewChunk:
    """One chunk on its way into the records.

    Attributes:
        number: its place in the video, from 0.
        span: what it covers, as JSON.
        frames: how many pictures it has.
    """

    number: int
    span: str
    frames: int


class Chunks:
    """The table of chunks. Safe to share between threads."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue

    def spread(self, work: Work, probe: str, cut: Sequence[NewChunk]) -> None:
        """Write the chunks of a video down and queue each of them. Doing it twice does no harm.

        Args:
            probe: what the video is, as JSON, for those who encode its chunks.
        """
        video = self._records.video(work.file_id)
        with self._held(work) as connection:
            if connection.execute(sa.select(sa.exists().where(*_of(work)))).scalar_one():
                return
            known = videos.update().where(videos.c.file_id == work.file_id).values(probe=probe)
            connection.execute(known)
            place = {"file_id": work.file_id, "attempt": work.attempt}
            connection.execute(chunks.insert(), [place | asdict(chunk) for chunk in cut])
            for chunk in cut:
                self._queue.put_part(connection, video, CHUNK, work.attempt, chunk.number)

    def probe(self, file_id: str) -> str:
        """What a spread video is, as JSON."""
        with self._records.reading() as connection:
            query = sa.select(videos.c.probe).where(videos.c.file_id == file_id)
            return str(connection.execute(query).scalar_one())

    def span(self, work: Work, number: int) -> str:
        """What a chunk covers, as JSON."""
        with self._records.reading() as connection:
            query = sa.select(chunks.c.span).where(*_of(work), chunks.c.number == number)
            return str(connection.execute(query).scalar_one())

    def numbers(self, work: Work) -> list[int]:
        """The numbers of a video's chunks, in order."""
        with self._records.reading() as connection:
            query = sa.select(chunks.c.number).where(*_of(work)).order_by(chunks.c.number)
            return list(connection.execute(query).scalars())

    def advance(self, work: Work, number: int, done: int) -> tuple[int, int]:
        """So many pictures of a chunk are encoded; less than before is ignored.

        Returns:
            How many pictures of the whole video are encoded, of how many.
        """
        with self._records.writing() as connection:
            connection.execute(
                chunks.update()
                .where(*_of(work), chunks.c.number == number, chunks.c.done < done)
                .values(done=done)
            )
            sums = sa.select(sa.func.sum(chunks.c.done), sa.func.sum(chunks.c.frames))
            so_far, total = connection.execute(sums.where(*_of(work))).one()
        return int(so_far or 0), int(total or 0)

    def finish(self, work: Work, number: int) -> None:
        """A chunk is encoded and kept. After the last one, joining them is queued."""
        video = self._records.video(work.file_id)
        # Held: two that finish at once must not each take the other for unfinished.
        with self._held(work) as connection:
            ended = connection.execute(
                chunks.update()
                .where(*_of(work), chunks.c.number == number, chunks.c.finished_at.is_(sa.null()))
                .values(done=chunks.c.frames, finished_at=now_ms())
            )
            left = sa.select(sa.func.count()).where(*_of(work), chunks.c.finished_at.is_(sa.null()))
            if ended.rowcount and connection.execute(left).scalar_one() == 0:
                self._queue.put_part(connection, video, JOIN, work.attempt)

    def forget(self, file_id: str) -> None:
        """They are joined."""
        with self._records.writing() as connection:
            connection.execute(chunks.delete().where(chunks.c.file_id == file_id))

    @contextmanager
    def _held(self, work: Work) -> Iterator[sa.Connection]:
        """A transaction beside which nobody else changes the video's chunks.

        Raises WorkStopped where nobody waits for them: who slept for long would leave some that
        nobody clears away.
        """
        with self._records.writing() as connection:
            lock_for(connection, work)
            yield connection


def _of(work: Work) -> tuple[sa.ColumnElement[bool], ...]:
    return chunks.c.file_id == work.file_id, chunks.c.attempt == work.attempt
