"""Accepts a video into the service: its records and its two jobs, in one transaction."""

from __future__ import annotations

from reelworks.engine.queue import Queue
from reelworks.engine.records import Records
from reelworks.model import ProcessType


class Submission:
    """Writes a new video down and queues both of its processes, or does neither."""

    def __init__(self, records: Records, queue: Queue) -> None:
        self._records = records
        self._queue = queue

    def submit(
        self,
        *,
        file_id: str,
        client_id: str | None,
        filename: str,
        source_key: str,
        size_bytes: int,
        sha256: str,
    ) -> None:
        """When this returns, no crash of anything loses the video or its work."""
        with self._records.writing() as connection:
            self._records.add(
                connection,
                file_id=file_id,
                client_id=client_id,
                filename=filename,
                source_key=source_key,
                size_bytes=size_bytes,
                sha256=sha256,
            )
            for process_type in ProcessType:
                self._queue.put(
                    connection,
                    process_type,
                    file_id=file_id,
                    client_id=client_id,
                    size_bytes=size_bytes,
                )
