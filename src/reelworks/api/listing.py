"""A client's videos: a page of them, and each by itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from reelworks.api import problems
from reelworks.api.parameters import ClientId, FileId, read_cursor, write_cursor
from reelworks.api.service import ServiceDependency
from reelworks.api.video_schemas import Video, Videos

router = APIRouter(prefix="/videos")

_MOST = 100


@router.get(
    "",
    summary="A client's videos",
    responses=problems.responses(
        s400="A parameter is missing or cannot be.", s500="The database does not answer."
    ),
)
def list_videos(
    service: ServiceDependency,
    client_id: ClientId,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="At most so many.")] = 20,
    cursor: Annotated[
        str | None,
        Query(max_length=200, description="`next` of the page before; without it, the newest."),
    ] = None,
) -> Videos:
    """The videos of a client, newest first, a page at a time.

    Videos that are uploaded while the pages are read do not move them: none comes twice, none is
    left out.
    """
    behind = None if cursor is None else read_cursor(cursor)
    page = service.catalogue.page(client_id, limit, behind)
    return Videos(
        videos=[Video.of(entry) for entry in page.entries],
        next=None if page.next is None else write_cursor(page.next),
    )


@router.get(
    "/{file_id}",
    summary="A video",
    responses=problems.responses(
        s404="There is no such file.", s500="The database does not answer."
    ),
)
def get_video(file_id: FileId, service: ServiceDependency) -> Video:
    """What a video is, how both of its processes stand, what is done to it, and where it all is."""
    return Video.of(service.catalogue.entry(file_id))
