"""What belongs to a video, by its file id: its metadata, both versions of it, and stills."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from reelworks.api.disposition import content_disposition, enhanced_name
from reelworks.api.parameters import FileId
from reelworks.api.results import described, send
from reelworks.api.schemas import Metadata
from reelworks.api.service import Service, ServiceDependency
from reelworks.api.waiting import asks_store
from reelworks.engine.catalogue import Entry
from reelworks.errors import NotFound
from reelworks.jobs.leavings import extension_of
from reelworks.jobs.workshop import compare_key, enhanced_key, metadata_key, poster_key
from reelworks.model import ProcessType, Status
from reelworks.storage.content import BINARY

router = APIRouter(prefix="/videos/{file_id}")

_CONTENT_TYPES = {
    "3g2": "video/3gpp2",
    "3gp": "video/3gpp",
    "asf": "video/x-ms-wmv",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "m4v": "video/mp4",
    "matroska": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpegts": "video/mp2t",
    "mpegvideo": "video/mpeg",
    "ogg": "video/ogg",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}
"""By container. Whatever a stranger called the file, and whatever else it may pass for, it is
served as a video or as bytes."""

Download = Annotated[
    bool,
    Query(description="Whether a browser is to save it; it shows it otherwise."),
    BeforeValidator(lambda given: given == "" or given),  # a bare ?download means it, too
]


@router.get("/metadata", **described("The metadata", "application/json", Metadata))
@asks_store
def metadata(
    file_id: FileId, request: Request, service: ServiceDependency, download: Download = False
) -> Response:
    """The metadata document, in the contract's format."""
    entry = service.catalogue.entry(file_id)
    return _send(
        service,
        request,
        entry,
        ProcessType.METADATA_EXTRACTION,
        metadata_key(file_id),
        name=f"{file_id}_metadata.json",
        download=download,
    )


@router.get("/enhanced", **described("The enhanced video", "video/*"))
@asks_store
def enhanced(
    file_id: FileId, request: Request, service: ServiceDependency, download: Download = False
) -> Response:
    """The enhanced video, complete and checked from the moment it is there."""
    entry = service.catalogue.entry(file_id)
    extension = extension_of(entry.plan) or "mp4"
    return _send(
        service,
        request,
        entry,
        ProcessType.VIDEO_ENHANCEMENT,
        enhanced_key(file_id, extension),
        name=enhanced_name(entry.video.filename, extension),
        download=download,
    )


@router.get("/original", **described("The uploaded video", "video/*"))
@asks_store
def original(
    file_id: FileId, request: Request, service: ServiceDependency, download: Download = False
) -> Response:
    """The uploaded bytes, as they came.

    The content type is that of the container, `application/octet-stream` where it has none.
    """
    video = service.catalogue.entry(file_id).video
    try:
        return send(
            service.storage,
            request,
            video.source_key,
            content_type=_CONTENT_TYPES.get(video.container or "", BINARY),
            disposition=content_disposition(video.filename, download=download),
        )
    except NotFound as error:
        raise NotFound("The upload of this video is not kept any more; upload it again.") from error


@router.get("/poster", **described("A still", "image/jpeg"))
@asks_store
def poster(
    file_id: FileId, request: Request, service: ServiceDependency, download: Download = False
) -> Response:
    """A still of the enhanced video."""
    return _still(service, request, file_id, poster_key(file_id), "poster", download)


@router.get("/compare", **described("Before and after", "image/jpeg"))
@asks_store
def compare(
    file_id: FileId, request: Request, service: ServiceDependency, download: Download = False
) -> Response:
    """The same picture before (left) and after (right)."""
    return _still(service, request, file_id, compare_key(file_id), "compare", download)


def _still(
    service: Service, request: Request, file_id: str, key: str, what: str, download: bool
) -> Response:
    entry = service.catalogue.entry(file_id)
    kind, name = ProcessType.VIDEO_ENHANCEMENT, f"{file_id}_{what}.jpg"
    return _send(service, request, entry, kind, key, name=name, download=download)


def _send(
    service: Service,
    request: Request,
    entry: Entry,
    kind: ProcessType,
    key: str,
    *,
    name: str,
    download: bool,
) -> Response:
    """What a process published, or a sentence that says why it is not there."""
    try:
        disposition = content_disposition(name, download=download)
        return send(service.storage, request, key, disposition=disposition)
    except NotFound as error:
        raise NotFound(_absent(entry, kind, key)) from error


def _absent(entry: Entry, kind: ProcessType, key: str) -> str:
    process = entry.processes[kind]
    what = kind.value.replace("_", " ")
    match process.status:
        case Status.PENDING:
            return f"It is not there yet: the {what} waits in the queue; ask again later."
        case Status.PROCESSING:
            return f"It is not there yet: the {what} is {process.progress} % done; ask again later."
        case Status.FAILED:
            return f"It is not there: the {what} failed. {process.error}"
        case _ if key in (poster_key(entry.video.file_id), compare_key(entry.video.file_id)):
            return "There is none of this video."  # not every video has one
        case _:
            return f"The result of the {what} is not kept any more; upload the video again."
