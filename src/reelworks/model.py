"""The nouns that every room shares: a video, its two processes, and where each of them stands.

All of them are frozen. A change is a new value, and only the engine writes one down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ProcessType(StrEnum):
    """The two processes that every video undergoes, by their names in the contract."""

    VIDEO_ENHANCEMENT = "video_enhancement"
    METADATA_EXTRACTION = "metadata_extraction"


class Status(StrEnum):
    """Where a process stands: pending → processing → completed | failed (→ pending, by a retry)."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """Whether nothing comes after this status unless somebody asks for a retry."""
        return self in (Status.COMPLETED, Status.FAILED)


class Work(NamedTuple):
    """One attempt at one process of one video.

    Each retry of a failed process is an attempt of its own, so that what a late worker still holds
    of an earlier one is told from it.

    Attributes:
        attempt: counted from 1.
    """

    file_id: str
    process_type: ProcessType
    attempt: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NewVideo:
    """One uploaded video on its way into the records.

    Attributes:
        file_id: UUID in its canonical text form; names every file of this video.
        client_id: who uploaded it, or None where the upload did not say.
        filename: the name it was uploaded under; shown, never used as a path.
        source_key: where its bytes are in storage.
        size_bytes: length of the upload in bytes.
        sha256: of the upload, 64 hexadecimal digits.
        preset: the name of the preset that the options were made from; shown.
        options: what was wished for, as a JSON object; what it does not name is as in ``auto``.
        container: its short name; None where it was uploaded to an earlier release.
    """

    file_id: str
    client_id: str | None
    filename: str
    source_key: str
    size_bytes: int
    sha256: str
    preset: str
    options: str
    container: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Video(NewVideo):
    """One video of the records.

    Attributes:
        created_at: when it was accepted; UTC.
    """

    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """Where one process of one video stands.

    Attributes:
        progress: percent of the work really done, 0 to 100; 100 only with ``completed``.
        error: one sentence for a person, with ``failed``; None otherwise.
        attempt: which attempt at it this is; one more with each retry.
        started_at: when the work of this attempt first began; None while pending.
        moved_at: when its progress last rose, or else began; None while pending.
        pace_ms: how long a percent takes, smoothed over the last ones; None where nobody knows yet.
        updated_at: when any of this last changed; UTC.
    """

    file_id: str
    client_id: str | None
    process_type: ProcessType
    status: Status
    progress: int
    error: str | None
    attempt: int = 1
    created_at: datetime
    started_at: datetime | None
    moved_at: datetime | None = None
    pace_ms: int | None = None
    updated_at: datetime
