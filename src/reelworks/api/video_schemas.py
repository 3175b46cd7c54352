"""A video as the API shows it: what it is, how both processes stand, what is done to it, and where
everything is."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reelworks.api.schemas import ProcessStatus
from reelworks.engine.catalogue import MOST_COUNTED, Entry
from reelworks.events.messages import timestamp
from reelworks.jobs.outlook import seconds_left
from reelworks.jobs.showing import so_far
from reelworks.jobs.written import wished
from reelworks.model import ProcessType, Status


class VideoProcess(ProcessStatus):
    """Where one process of a video stands, and what is known of its way there."""

    created_at: str = Field(description="When it was queued first: ISO 8601, UTC, with offset.")
    started_at: str | None = Field(description="When this attempt began; null while pending.")
    attempt: int = Field(ge=1, description="Which attempt this is; one more with each retry.")
    queue_position: int | None = Field(
        ge=1,
        description="Its place in the queue while it is pending, the next one's is 1. Clients take "
        "turns, so it is an estimate where others wait too. Null where it does not wait, or is "
        f"further back than {MOST_COUNTED}.",
    )
    eta_seconds: int | None = Field(
        ge=0,
        description="How long its pictures take yet at the pace of late, while it is processing; "
        "checking the result comes after them. Null where nobody knows.",
    )

    @classmethod
    def at(cls, entry: Entry, kind: ProcessType) -> VideoProcess:
        """One process of an entry."""
        process = entry.processes[kind]
        return cls(
            **ProcessStatus.of(process).model_dump(),
            created_at=timestamp(process.created_at),
            started_at=None if process.started_at is None else timestamp(process.started_at),
            attempt=process.attempt,
            queue_position=entry.positions.get(kind),
            eta_seconds=seconds_left(process, entry.at),
        )


class AppliedFilter(BaseModel):
    """One filter, and why it is there."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="What it does, in a word, such as deinterlace or denoise.")
    strength: float = Field(description="1 is as strongly as the damage asks for.")
    reason: str = Field(description="Why it is applied, in a sentence.")
    expression: str = Field(default="", description="As FFmpeg writes it.")


class Report(BaseModel):
    """What is done to a video, why, and what came of it; null is what is not known (yet).

    The same as `advanced.enhancement` in the metadata.
    """

    model_config = ConfigDict(extra="allow")

    preset: str = Field(description="The preset that was wished for.")
    options: dict[str, Any] = Field(description="All that was wished for, complete.")
    action: str = Field(description="encode, or copy: the file is kept byte for byte.")
    findings: list[str] = Field(description="What was seen, in sentences.")
    filters: list[AppliedFilter] = Field(description="In the order in which they are applied.")
    dropped: list[str] = Field(description="What the result does not have, in sentences.")
    container: str = Field(description="Of the result, by its short name.")
    codec: str | None = Field(description="Of the result's video.")
    pixel_format: str | None = Field(description="Of the result, as FFmpeg names it.")
    width: int = Field(description="Of the result, in pixels.")
    height: int = Field(description="Of the result, in pixels.")
    bytes_before: int | None = Field(description="Length of the upload.")
    bytes_after: int | None = Field(description="Length of the result.")
    frames: int | None = Field(description="Pictures that were encoded; null for a copy.")
    fidelity: dict[str, Any] | None = Field(description="How close the result is to its source.")
    previews: dict[str, str | None] | None = Field(description="Where the stills are.")
    notes: list[str] = Field(description="What went wrong without harm, in sentences.")


class Links(BaseModel):
    """Where everything about a video is, as paths; null is what is not there, or cannot be done."""

    self: str = Field(description="GET; DELETE removes the video.")
    original: str = Field(description="GET the uploaded bytes.")
    enhanced: str | None = Field(description="GET the enhanced video.")
    metadata: str | None = Field(description="GET the metadata.")
    poster: str | None = Field(description="GET a still of the enhanced video, JPEG.")
    compare: str | None = Field(description="GET the same picture before and after, JPEG.")
    cancel: str | None = Field(description="POST to give up what is unfinished.")
    retry: str | None = Field(description="POST to try again what failed.")

    @classmethod
    def of(cls, entry: Entry, report: dict[str, Any] | None) -> Links:
        """The links of an entry."""
        file_id = entry.video.file_id
        states = {kind: process.status for kind, process in entry.processes.items()}
        done = {kind for kind, status in states.items() if status is Status.COMPLETED}
        enhanced = ProcessType.VIDEO_ENHANCEMENT in done
        previews = ((report or {}).get("previews") or {}) if enhanced else {}

        def link(name: str, is_there: object) -> str | None:
            return f"/videos/{file_id}/{name}" if is_there else None

        return cls(
            self=f"/videos/{file_id}",
            original=f"/videos/{file_id}/original",
            enhanced=link("enhanced", enhanced),
            metadata=link("metadata", ProcessType.METADATA_EXTRACTION in done),
            poster=link("poster", previews.get("poster")),
            compare=link("compare", previews.get("compare")),
            cancel=link("cancel", not all(status.is_final for status in states.values())),
            retry=link("retry", Status.FAILED in states.values()),
        )


class Video(BaseModel):
    """A video, both of its processes, what is done to it, and where everything is."""

    file_id: str = Field(description="UUID; names the video.")
    client_id: str | None = Field(description="Who uploaded it; null where that was not said.")
    filename: str = Field(description="As uploaded.")
    size_bytes: int = Field(ge=0, description="Length of the upload.")
    sha256: str = Field(description="Of the upload, 64 hexadecimal digits.")
    created_at: str = Field(description="When it was accepted: ISO 8601, UTC, with offset.")
    preset: str = Field(description="The preset that was wished for.")
    options: dict[str, Any] = Field(description="All that was wished for, complete.")
    video_enhancement: VideoProcess
    metadata_extraction: VideoProcess
    plan: Report | None = Field(description="Null until enhancement has looked at the video.")
    links: Links

    @classmethod
    def of(cls, entry: Entry) -> Video:
        """An entry of the catalogue as it is shown."""
        video, report = entry.video, so_far(entry)
        return cls(
            file_id=video.file_id,
            client_id=video.client_id,
            filename=video.filename,
            size_bytes=video.size_bytes,
            sha256=video.sha256,
            created_at=timestamp(video.created_at),
            preset=video.preset,
            options=wished(video).model_dump(),
            video_enhancement=VideoProcess.at(entry, ProcessType.VIDEO_ENHANCEMENT),
            metadata_extraction=VideoProcess.at(entry, ProcessType.METADATA_EXTRACTION),
            plan=None if report is None else Report.model_validate(report),
            links=Links.of(entry, report),
        )


class Videos(BaseModel):
    """Some of a client's videos, newest first."""

    videos: list[Video] = Field(description="At most as many as were asked for.")
    next: str | None = Field(description="The next page's cursor; null on the last page.")
