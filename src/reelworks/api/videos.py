"""What a client may do to a video that it uploaded."""

from __future__ import annotations

from fastapi import APIRouter

from reelworks.api import problems
from reelworks.api.schemas import VideoStatus
from reelworks.api.service import ServiceDependency

router = APIRouter(
    prefix="/videos/{file_id}", responses=problems.responses(s404="There is no such file.")
)


@router.post("/cancel", summary="Cancel what is unfinished")
def cancel(file_id: str, service: ServiceDependency) -> VideoStatus:
    """Give up the processes of a video that are unfinished: they are `failed` with the error
    `Cancelled` from now on, and the work on them ends within a second, wherever it runs.

    A process that is finished stays as it is, and so does its result: to cancel twice, or too
    late, does no harm.
    """
    return VideoStatus.of(service.control.cancel(file_id))
