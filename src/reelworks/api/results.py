"""The results, under the paths that the contract gives them; with Range and ETag."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from reelworks.api import problems
from reelworks.api.service import Service, ServiceDependency
from reelworks.jobs.workshop import RESULTS

_CONTENT_TYPES = {
    "3g2": "video/3gpp2",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "json": "application/json",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "ogg": "video/ogg",
    "ogv": "video/ogg",
    "qt": "video/quicktime",
    "ts": "video/mp2t",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}

router = APIRouter(
    prefix=f"/{RESULTS}",
    responses={
        206: {"description": "The range that was asked for."},
        304: {"description": "What the client has is still the same."},
        **problems.responses(
            s404="There is no such result, or not yet.", s416="The range is outside the file."
        ),
    },
)


@router.head("/{name}", include_in_schema=False)
@router.get("/{name}", summary="The enhanced video", response_class=FileResponse)
def enhanced(name: str, request: Request, service: ServiceDependency) -> Response:
    """``enhanced_{file_id}.{extension}``, complete and checked from the moment it is there."""
    return _file(service, request, f"{RESULTS}/{name}")


@router.head("/metadata/{name}", include_in_schema=False)
@router.get("/metadata/{name}", summary="The metadata", response_class=FileResponse)
def metadata(name: str, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_metadata.json``, in the contract's metadata format."""
    return _file(service, request, f"{RESULTS}/metadata/{name}")


@router.head("/previews/{name}", include_in_schema=False)
@router.get("/previews/{name}", summary="A still", response_class=FileResponse)
def preview(name: str, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_poster.jpg``, a still of the enhanced video, or ``{file_id}_compare.jpg``, the
    same picture before (left) and after (right)."""
    return _file(service, request, f"{RESULTS}/previews/{name}")


def _file(service: Service, request: Request, key: str) -> Response:
    path = service.storage.path(key)
    response = _Result(path, media_type=content_type(key), stat_result=path.stat())
    etag = response.headers["etag"]
    known = request.headers.get("if-none-match", "")
    if {"*", etag} & {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers={"etag": etag})
    return response


class _Result(FileResponse):
    """A file whose refused ranges are problems like every other error."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused: list[Message] = []

        async def send_unless_refused(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                refused.append(message)
            if not refused:
                await send(message)

        await super().__call__(scope, receive, send_unless_refused)
        if refused:
            answer = problems.problem(refused[0]["status"], "The range is outside the file.")
            answer.headers["content-range"] = f"bytes */{Path(self.path).stat().st_size}"
            await answer(scope, receive, send)


def content_type(key: str) -> str:
    """The content type of a result by its extension."""
    return _CONTENT_TYPES.get(PurePosixPath(key).suffix[1:], "application/octet-stream")
