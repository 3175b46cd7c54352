"""How far the two processes of a video are."""

from __future__ import annotations

from fastapi import APIRouter

from reelworks.api import problems
from reelworks.api.parameters import FileId
from reelworks.api.schemas import ProcessStatus
from reelworks.api.service import ServiceDependency
from reelworks.model import ProcessType

router = APIRouter(
    prefix="/internal",
    responses=problems.responses(
        s404="There is no such file.", s500="The database does not answer."
    ),
)


@router.get("/video-enhancement-status/{file_id}", summary="Status of the enhancement")
def video_enhancement_status(file_id: FileId, service: ServiceDependency) -> ProcessStatus:
    """Where the enhancement of a video stands."""
    return ProcessStatus.of(service.records.process(file_id, ProcessType.VIDEO_ENHANCEMENT))


@router.get("/metadata-extraction-status/{file_id}", summary="Status of the extraction")
def metadata_extraction_status(file_id: FileId, service: ServiceDependency) -> ProcessStatus:
    """Where the metadata extraction of a video stands."""
    return ProcessStatus.of(service.records.process(file_id, ProcessType.METADATA_EXTRACTION))
