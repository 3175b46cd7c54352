"""The results, under the paths that the contract gives them; with Range and ETag."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from itertools import chain
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from reelworks.api import problems
from reelworks.api.ranges import OutsideError, Range, read_ranges
from reelworks.api.service import Service, ServiceDependency
from reelworks.jobs.workshop import RESULTS
from reelworks.storage.store import Replaced, Stat, Storage

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
@router.get("/{name}", summary="The enhanced video", response_class=StreamingResponse)
def enhanced(name: str, request: Request, service: ServiceDependency) -> Response:
    """``enhanced_{file_id}.{extension}``, complete and checked from the moment it is there."""
    return _file(service, request, f"{RESULTS}/{name}")


@router.head("/metadata/{name}", include_in_schema=False)
@router.get("/metadata/{name}", summary="The metadata", response_class=StreamingResponse)
def metadata(name: str, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_metadata.json``, in the contract's metadata format."""
    return _file(service, request, f"{RESULTS}/metadata/{name}")


@router.head("/previews/{name}", include_in_schema=False)
@router.get("/previews/{name}", summary="A still", response_class=StreamingResponse)
def preview(name: str, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_poster.jpg``, a still of the enhanced video, or ``{file_id}_compare.jpg``, the
    same picture before (left) and after (right)."""
    return _file(service, request, f"{RESULTS}/previews/{name}")


def _file(service: Service, request: Request, key: str) -> Response:
    try:
        return _answer(_Result.of(service.storage, key), request)
    except Replaced:  # between looking and opening; it is not replaced often enough for a third try
        return _answer(_Result.of(service.storage, key), request)


def _answer(result: _Result, request: Request) -> Response:
    headers = result.headers()
    known = request.headers.get("if-none-match", "")
    if {"*", result.stat.etag} & {tag.strip().removeprefix("W/") for tag in known.split(",")}:
        return Response(status_code=304, headers={"etag": result.stat.etag})
    try:
        ranges = _wanted(request, headers, result.size)
    except OutsideError:
        refusal = {"content-range": f"bytes */{result.size}"}
        return problems.problem(416, "The range is outside the file.", refusal)
    match ranges:
        case []:
            status, body = 200, result.read(Range(0, result.size))
        case [one]:
            status, body = 206, result.read(one)
            headers["content-range"] = one.header(result.size)
            headers["content-length"] = str(one.stop - one.start)
        case _:
            status, parts = 206, _Parts(result, ranges)
            body, headers = parts.read(), headers | parts.headers()
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(body, status, headers)


def _wanted(request: Request, headers: dict[str, str], size: int) -> list[Range]:
    """The ranges to be sent; none for the whole file."""
    asked, condition = request.headers.get("range"), request.headers.get("if-range")
    is_same = condition in (None, headers["etag"], headers["last-modified"])
    return read_ranges(asked, size) if asked is not None and is_same else []


@dataclass(frozen=True, slots=True)
class _Result:
    """A stored file, as it was when it was looked at."""

    storage: Storage
    key: str
    stat: Stat

    @classmethod
    def of(cls, storage: Storage, key: str) -> _Result:
        return cls(storage, key, storage.stat(key))

    @property
    def size(self) -> int:
        return self.stat.size_bytes

    def read(self, wanted: Range) -> Iterator[bytes]:
        if wanted.start == wanted.stop:
            return iter(())
        return self.storage.stream(self.key, self.stat, wanted.start, wanted.stop)

    def headers(self) -> dict[str, str]:
        return {
            "accept-ranges": "bytes",
            "content-type": content_type(self.key),
            "content-length": str(self.size),
            "etag": self.stat.etag,
            "last-modified": format_datetime(self.stat.modified, usegmt=True),
        }


class _Parts:
    """Several ranges of a file in one body (``multipart/byteranges``)."""

    def __init__(self, result: _Result, ranges: list[Range]) -> None:
        boundary = secrets.token_hex(13)
        self._type = f"multipart/byteranges; boundary={boundary}"
        self._end = f"--{boundary}--".encode()
        self._result = result
        self._parts = [(self._head(boundary, each), each) for each in ranges]

    def headers(self) -> dict[str, str]:
        length = sum(len(head) + each.stop - each.start + 2 for head, each in self._parts)
        return {"content-type": self._type, "content-length": str(length + len(self._end))}

    def read(self) -> Iterator[bytes]:
        parts = (chain([head], self._result.read(each), [b"\r\n"]) for head, each in self._parts)
        return chain(chain.from_iterable(parts), [self._end])

    def _head(self, boundary: str, each: Range) -> bytes:
        where, kind = each.header(self._result.size), content_type(self._result.key)
        return f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {where}\r\n\r\n".encode()


def content_type(key: str) -> str:
    """The content type of a result by its extension."""
    return _CONTENT_TYPES.get(PurePosixPath(key).suffix[1:], "application/octet-stream")
