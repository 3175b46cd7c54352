"""Accepts a video into the service: its records and its two jobs, in one transaction."""

from __future__ import annotations

from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.model import NewVideo, ProcessType


class Submission:
    """Writes a new video down and queues both of its processes, or does neither."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue

    def submit(self, video: NewVideo) -> None:
        """When this returns, no crash of anything loses the video or its work.

        Raises EngineError where the database does not answer.
        """
        with self._records.writing() as connection:
            self._records.add(connection, video)
            for process_type in ProcessType:
                self._queue.put(connection, video, process_type)
