"""What the service tells, as frozen values. Keys that are not known here are ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reelworks.client.answers import understood
from reelworks.model import ProcessType, Status


class Result(StrEnum):
    """What can be fetched of a video."""

    ENHANCED = "enhanced"
    ORIGINAL = "original"
    METADATA = "metadata"
    POSTER = "poster"
    COMPARE = "compare"


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """How one process of one video stands, and since when.

    Attributes:
        progress: percent of the work really done, 0 to 100; 100 only with ``completed``.
        error: one sentence, with ``failed``; None otherwise.
        timestamp: when this came about, by the service's clock; UTC.
    """

    file_id: str
    process_type: ProcessType
    status: Status
    progress: int
    error: str | None
    timestamp: datetime

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Update:
        """From a ``status_update`` of the socket. Raises ServiceError."""
        with understood("a process"):
            return cls(
                file_id=message["file_id"],
                process_type=ProcessType(message["process_type"]),
                status=Status(message["status"]),
                progress=message["progress"],
                error=message["error"],
                timestamp=datetime.fromisoformat(message["timestamp"]),
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """How one process of a video stands.

    Attributes:
        progress: percent of the work really done, 0 to 100; 100 only with ``completed``.
        error: one sentence, with ``failed``; None otherwise.
        last_updated: when any of this last changed; UTC.
        started_at: when the work of this attempt first began; None while pending.
        attempt: which attempt this is; one more with each retry.
        queue_position: pieces of work ahead of it, 1 for the next; only while pending.
        eta_seconds: how much longer it takes at the rate so far; only while processing, and
            only once there is a rate.
    """

    status: Status
    progress: int
    error: str | None
    last_updated: datetime
    started_at: datetime | None
    attempt: int
    queue_position: int | None
    eta_seconds: int | None

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Process:
        """From one process of a video as the service describes it."""
        return cls(
            status=Status(answer["status"]),
            progress=answer["progress"],
            error=answer["error"],
            last_updated=datetime.fromisoformat(answer["last_updated"]),
            started_at=_moment(answer["started_at"]),
            attempt=answer["attempt"],
            queue_position=answer["queue_position"],
            eta_seconds=answer["eta_seconds"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Video:
    """A video of the service.

    Attributes:
        client_id: who uploaded it; None where the upload did not say.
        size_bytes: length of the upload.
        sha256: of the upload, 64 hexadecimal digits.
        options: what was wished for, complete.
        plan: the report of the enhancement as far as it is known; None before it is planned.
        links: paths of what there is of it, by name; None for what is not there.
        document: all of it, as the service sent it.
    """

    file_id: str
    client_id: str | None
    filename: str
    size_bytes: int
    sha256: str
    created_at: datetime
    preset: str
    options: Mapping[str, Any]
    video_enhancement: Process
    metadata_extraction: Process
    plan: Mapping[str, Any] | None
    links: Mapping[str, str | None]
    document: Mapping[str, Any]

    @classmethod
    def from_json(cls, answer: Mapping[str, Any]) -> Video:
        """From a video as the service describes it. Raises ServiceError."""
        with understood("a video"):
            return cls(
                file_id=answer["file_id"],
                client_id=answer["client_id"],
                filename=answer["filename"],
                size_bytes=answer["size_bytes"],
                sha256=answer["sha256"],
                created_at=datetime.fromisoformat(answer["created_at"]),
                preset=answer["preset"],
                options=answer["options"],
                video_enhancement=Process.from_json(answer["video_enhancement"]),
                metadata_extraction=Process.from_json(answer["metadata_extraction"]),
                plan=answer["plan"],
                links=answer["links"],
                document=answer,
            )

    def process(self, process_type: ProcessType) -> Process:
        """One of its two processes."""
        if process_type is ProcessType.VIDEO_ENHANCEMENT:
            return self.video_enhancement
        return self.metadata_extraction

    @property
    def is_final(self) -> bool:
        """Whether both of its processes are at their end."""
        return all(self.process(each).status.is_final for each in ProcessType)

    def updates(self) -> Iterator[Update]:
        """How its processes stand, as updates."""
        for process_type in ProcessType:
            process = self.process(process_type)
            yield Update(
                file_id=self.file_id,
                process_type=process_type,
                status=process.status,
                progress=process.progress,
                error=process.error,
                timestamp=process.last_updated,
            )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
