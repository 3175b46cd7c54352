"""The results, under the paths that the contract gives them; with Range and ETag."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import format_datetime
from functools import partial
from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from pydantic import AfterValidator, BaseModel
from starlette.types import Send

from reelworks.api import problems
from reelworks.api.conditions import has_changed, is_known
from reelworks.api.ranges import OutsideError, Range, read_ranges
from reelworks.api.schemas import Metadata
from reelworks.api.service import ServiceDependency
from reelworks.api.waiting import asks_store, from_store
from reelworks.errors import ReelworksError
from reelworks.storage.content import type_of
from reelworks.storage.store import RESULTS, Replaced, Stat, Storage

log = logging.getLogger(__name__)

router = APIRouter(prefix=f"/{RESULTS}")

# A video's id may be written in capitals; names that we give have none.
Name = Annotated[
    str,
    Path(description="The file's name, which has the video's id in it."),
    AfterValidator(str.lower),
]

# What a stranger uploaded may pass for something else, and a copy of it is a result: a browser is
# neither to guess what it is nor to let it do anything.
_HARMLESS = {
    # No script runs in any case. The rest is what a browser's own page around a video is made of,
    # which must be of our origin to fetch it.
    "content-security-policy": (
        "sandbox allow-same-origin; default-src 'none'; "
        "media-src 'self'; img-src 'self'; style-src 'unsafe-inline'"
    ),
    "x-content-type-options": "nosniff",
}


def described(
    summary: str, media_type: str, shape: type[BaseModel] | None = None
) -> dict[str, Any]:
    """How a route that sends a file is described in OpenAPI.

    Args:
        shape: of what is in it, where that is JSON.
    """
    schema = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}} if shape else {}
    return {
        "summary": summary,
        "response_class": StreamingResponse,
        "responses": {
            200: {"content": {media_type: schema}, "description": "All of it."},
            206: {"content": {media_type: {}}, "description": "The range that was asked for."},
            304: {"description": "What the client has is still the same."},
            **problems.responses(
                s400="A parameter or the range cannot be understood.",
                s404="There is no such file, or not yet.",
                s412="It is not the file any more that the condition names.",
                s416="The range is outside the file.",
                s500="The database or the store of files does not answer.",
            ),
        },
    }


@router.get("/{name}", **described("The enhanced video, by its name", "video/*"))
@asks_store
def enhanced(name: Name, request: Request, service: ServiceDependency) -> Response:
    """``enhanced_{file_id}.{extension}``, complete and checked from the moment it is there.

    With `REELWORKS_REDIRECT_RESULTS`, the answer is 307 and names a URL of the object store, which
    holds for some minutes and knows Range, too.
    """
    key = f"{RESULTS}/{name}"
    return _redirection(service.storage, request, key) or send(service.storage, request, key)


@router.get(
    "/metadata/{name}", **described("The metadata, by its name", "application/json", Metadata)
)
@asks_store
def metadata(name: Name, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_metadata.json``, in the contract's metadata format."""
    return send(service.storage, request, f"{RESULTS}/metadata/{name}")


@router.get("/previews/{name}", **described("A still, by its name", "image/jpeg"))
@asks_store
def preview(name: Name, request: Request, service: ServiceDependency) -> Response:
    """``{file_id}_poster.jpg``, a still of the enhanced video, or ``{file_id}_compare.jpg``, the
    same picture before (left) and after (right)."""
    return send(service.storage, request, f"{RESULTS}/previews/{name}")


def _redirection(storage: Storage, request: Request, key: str) -> Response | None:
    """Where the store itself sends a file that is there; None where we do."""
    url = storage.link(key, request.method)
    if url is None:
        return None
    storage.stat(key)  # what is not there is said by us, in our words
    return RedirectResponse(url, 307, {"cache-control": "no-store"})


def send(
    storage: Storage,
    request: Request,
    key: str,
    *,
    content_type: str | None = None,
    disposition: str | None = None,
) -> Response:
    """A stored file, or what of it was asked for.

    Args:
        content_type: None for the usual one of the key's extension.
        disposition: how a client is to call it; None leaves that to the client.

    Raises NotFound.
    """
    shown = _Shown(content_type or type_of(key), disposition)
    try:
        return _answer(_Result.of(storage, key, shown), request)
    except Replaced:  # between looking and opening; it is not replaced often enough for a third try
        return _answer(_Result.of(storage, key, shown), request)


def _answer(result: _Result, request: Request) -> Response:
    headers = result.headers()
    if has_changed(request.headers, result.stat):
        return problems.problem(412, "The file is not the one that was asked for any more.")
    if is_known(request.headers, result.stat):
        return Response(status_code=304, headers={"etag": result.stat.etag, **_HARMLESS})
    try:
        ranges = _wanted(request, headers, result.size)
    except OutsideError:
        refusal = {"content-range": f"bytes */{result.size}"}
        return problems.problem(416, "The range is outside the file.", refusal)
    read: Callable[[], Iterator[bytes]]
    match ranges:
        case []:
            status, read = 200, partial(result.read, Range(0, result.size))
        case [one]:
            status, read = 206, partial(result.read, one)
            headers["content-range"] = one.header(result.size)
            headers["content-length"] = str(one.stop - one.start)
        case _:
            status, parts = 206, _Parts(result, ranges)
            read, headers = parts.read, headers | parts.headers()
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return _Sending(read(), status, headers, path=request.url.path)


class _Sending(StreamingResponse):
    """Bytes that may cease to come when some are sent already. It is too late for an answer then:
    the client sees its connection break, and the log has the sentence."""

    def __init__(
        self, pieces: Iterator[bytes], status: int, headers: dict[str, str], *, path: str
    ) -> None:
        super().__init__(from_store(pieces), status, headers)
        self._path = path

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except ReelworksError as error:
            log.error("GET %s broke off: %s", self._path, error)  # noqa: TRY400


def _wanted(request: Request, headers: dict[str, str], size: int) -> list[Range]:
    """The ranges to be sent; none for the whole file. Nothing but GET has any (RFC 9110, 14.2)."""
    asked, condition = request.headers.get("range"), request.headers.get("if-range")
    is_same = condition in (None, headers["etag"], headers["last-modified"])
    if asked is None or request.method != "GET" or not is_same:
        return []
    return read_ranges(asked, size)


@dataclass(frozen=True, slots=True)
class _Shown:
    """How a stored file is presented."""

    content_type: str
    disposition: str | None

    def headers(self) -> dict[str, str]:
        shown = {"content-type": self.content_type, **_HARMLESS}
        return shown | ({"content-disposition": self.disposition} if self.disposition else {})


@dataclass(frozen=True, slots=True)
class _Result:
    """A stored file, as it was when it was looked at."""

    storage: Storage
    key: str
    stat: Stat
    shown: _Shown

    @classmethod
    def of(cls, storage: Storage, key: str, shown: _Shown) -> _Result:
        return cls(storage, key, storage.stat(key), shown)

    @property
    def size(self) -> int:
        return self.stat.size_bytes

    def read(self, wanted: Range) -> Iterator[bytes]:
        if wanted.start == wanted.stop:
            return iter(())
        return self.storage.stream(self.key, self.stat, wanted.start, wanted.stop)

    def headers(self) -> dict[str, str]:
        return {
            **self.shown.headers(),
            "accept-ranges": "bytes",
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
        where, kind = each.header(self._result.size), self._result.shown.content_type
        return f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: {where}\r\n\r\n".encode()
