"""The bodies of the API, field for field as the contract has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reelworks.events.messages import timestamp
from reelworks.model import Process, ProcessType, Status


class Uploaded(BaseModel):
    """An upload was accepted."""

    file_id: str = Field(description="UUID; names the video and its results from now on.")
    message: str = Field(default="Video uploaded successfully", description="Always the same.")


class ProcessStatus(BaseModel):
    """Where one process of a video stands."""

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


class Resolution(BaseModel):
    """The size of a video as it is displayed, after rotation."""

    model_config = ConfigDict(extra="forbid")

    width: int = Field(description="In pixels.")
    height: int = Field(description="In pixels.")


class Histograms(BaseModel):
    """How often each value from 0 to 255 is there, as shares that sum to 1, over all pictures."""

    model_config = ConfigDict(extra="forbid")

    b: list[float] = Field(min_length=256, max_length=256, description="Blue.")
    g: list[float] = Field(min_length=256, max_length=256, description="Green.")
    r: list[float] = Field(min_length=256, max_length=256, description="Red.")


class AverageColor(BaseModel):
    """The means over all pictures, 0 to 255."""

    model_config = ConfigDict(extra="forbid")

    b: int = Field(ge=0, le=255, description="Blue.")
    g: int = Field(ge=0, le=255, description="Green.")
    r: int = Field(ge=0, le=255, description="Red.")


class ColorProfile(BaseModel):
    """The colours of a video, in 8-bit R'G'B'."""

    model_config = ConfigDict(extra="forbid")

    histograms: Histograms
    average_color: AverageColor


class Metadata(BaseModel):
    """What a video is, in the contract's form."""

    model_config = ConfigDict(extra="forbid")

    file_id: str = Field(description="The video.")
    filename: str = Field(description="As uploaded.")
    format: str = Field(description="Short name of the container.")
    resolution: Resolution
    fps: float = Field(
        ge=0,
        description="Average rate, but for up to four pictures that a steady film lacks; 0 where "
        "nothing tells it.",
    )
    frame_count: int = Field(ge=0, description="Pictures that decode.")
    duration_seconds: int = Field(ge=0, description="To the nearest second.")
    file_size_bytes: int = Field(ge=0, description="Length of the upload.")
    bit_rate: str = Field(pattern=r"^\d+$", description="Bits per second, as digits.")
    color_profile: ColorProfile
    advanced: dict[str, Any] = Field(
        description="ffprobe's JSON or the same shape, exact values, and the report of the "
        "enhancement."
    )
