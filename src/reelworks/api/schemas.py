"""The bodies of the API, field for field as the contract has them."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from reelworks.events.messages import timestamp
from reelworks.model import Process, ProcessType, Status


class Uploaded(BaseModel):
    """An upload was accepted."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "file_id": "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11",
                "message": "Video uploaded successfully",
            }
        }
    )

    file_id: str = Field(description="UUID; names the video and its results from now on.")
    message: str = Field(default="Video uploaded successfully", description="Always the same.")


class ProcessStatus(BaseModel):
    """Where one process of a video stands."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "status": "processing",
                "progress": 42,
                "error": None,
                "last_updated": "2026-11-22T20:15:03.120+00:00",
            }
        }
    )

    status: Status = Field(description="pending, processing, completed or failed.")
    progress: int = Field(
        ge=0, le=100, description="Percent of the work really done; 100 only with completed."
    )
    error: str | None = Field(description="Why it failed, in one sentence; else null.")
    last_updated: str = Field(description="When this last changed: ISO 8601, UTC, with offset.")

    @classmethod
    def of(cls, process: Process) -> ProcessStatus:
        """The answer for a process."""
        return cls(
            status=process.status,
            progress=process.progress,
            error=process.error,
            last_updated=timestamp(process.updated_at),
        )


class VideoStatus(BaseModel):
    """Where both processes of a video stand."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "file_id": "0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11",
                "video_enhancement": {
                    "status": "failed",
                    "progress": 42,
                    "error": "Cancelled",
                    "last_updated": "2026-11-22T20:15:03.120+00:00",
                },
                "metadata_extraction": {
                    "status": "completed",
                    "progress": 100,
                    "error": None,
                    "last_updated": "2026-11-22T20:14:58.007+00:00",
                },
            }
        }
    )

    file_id: str = Field(description="The video.")
    video_enhancement: ProcessStatus
    metadata_extraction: ProcessStatus

    @classmethod
    def of(cls, processes: Iterable[Process]) -> VideoStatus:
        """The answer for both processes of a video."""
        by_type = {process.process_type: process for process in processes}
        enhancement = by_type[ProcessType.VIDEO_ENHANCEMENT]
        return cls(
            file_id=enhancement.file_id,
            video_enhancement=ProcessStatus.of(enhancement),
            metadata_extraction=ProcessStatus.of(by_type[ProcessType.METADATA_EXTRACTION]),
        )


class Health(BaseModel):
    """The service answers."""

    status: str = Field(default="ok", description="Always ok.", examples=["ok"])
