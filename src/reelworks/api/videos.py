"""What a client may do to a video that it uploaded."""

from __future__ import annotations

from fastapi import APIRouter, status

from reelworks.api import problems
from reelworks.api.parameters import FileId
from reelworks.api.schemas import VideoStatus
from reelworks.api.service import ServiceDependency
from reelworks.api.waiting import asks_store

router = APIRouter(
    prefix="/videos/{file_id}",
    responses=problems.responses(
        s404="There is no such file.", s500="The database does not answer."
    ),
)


@router.post("/cancel", summary="Cancel what is unfinished")
@asks_store
def cancel(file_id: FileId, service: ServiceDependency) -> VideoStatus:
    """Give up the processes of a video that are unfinished: they are `failed` with the error
    `Cancelled` from now on, and the work on them ends within a second, wherever it runs.

    A process that is finished stays as it is, and so does its result: to cancel twice, or too
    late, does no harm.
    """
    return VideoStatus.of(service.control.cancel(file_id))


@router.post(
    "/retry",
    summary="Try again what failed",
    responses=problems.responses(
        s409="Nothing of it has failed, or its upload is not there any more."
    ),
)
@asks_store
def retry(file_id: FileId, service: ServiceDependency) -> VideoStatus:
    """Queue the processes of a video that are `failed` once more, from the beginning: each is
    `pending` with a progress of 0 again. What was cancelled counts as failed.

    A process that is finished or under way stays as it is, and so does its result.
    """
    return VideoStatus.of(service.control.retry(file_id))


@router.delete("", summary="Delete a video", status_code=status.HTTP_204_NO_CONTENT)
@asks_store
def delete(file_id: FileId, service: ServiceDependency) -> None:
    """Forget a video: the work on it ends within a second, wherever it runs, and the upload, the
    results and everything that is known of it are removed. There is no way back.
    """
    service.control.delete(file_id)
