"""``POST /upload``: receives a video as it arrives, and answers when it is safe and queued."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from reelworks.api import problems
from reelworks.api.body import HeardOut, arriving
from reelworks.api.multipart import PartBegin, PartData, PartEnd, read_multipart
from reelworks.api.parameters import MAX_CLIENT_ID, check_client_id
from reelworks.api.schemas import Uploaded
from reelworks.api.service import MOST_CHECKS, Service, ServiceDependency
from reelworks.api.waiting import with_store
from reelworks.errors import (
    BadRequest,
    ClientSilent,
    DatabaseFull,
    NoSpace,
    NotAVideo,
    ReelworksError,
    TooLarge,
)
from reelworks.jobs.intake import Upload
from reelworks.media.deciding.wishes import Wishes, form_schema, read_options, read_preset
from reelworks.telemetry import instruments

router = APIRouter()

_MAX_TEXT_BYTES = {"client_id": MAX_CLIENT_ID, "preset": 64, "options": 4096}
# The names of all are kept until the end, of those that mean nothing to us too.
_MAX_FIELDS = 100
_MAX_OTHER_BYTES = 1 << 20
_WRITE_BYTES = 1 << 20
_ACCEPTED_AT_ONCE = 8
_WRITTEN_AT_ONCE = 40
# The threads that answer for statuses must not wait for checks.
_checks = CapacityLimiter(MOST_CHECKS)
# Nor for a database that is slow to be changed, as SQLite is while another program holds it.
_acceptances = CapacityLimiter(_ACCEPTED_AT_ONCE)
# Nor for a disk that is slow, or stands still.
_writes = CapacityLimiter(_WRITTEN_AT_ONCE)

# Types that say nothing ("" is a missing one; programs for Android often give a part the type of
# the form, or one for all files), and types that the usual tables of file name endings give to what
# may well be a video: .ts, .mts, .3gp, .3g2, .gif, .ogg, .rm …
_UNTELLING_TYPES = {
    "",
    "application/octet-stream",
    "binary/octet-stream",
    "multipart/form-data",
    "*/*",
    "application/mp4",
    "application/mxf",
    "application/ogg",
    "application/vnd.rn-realmedia",
    "application/x-matroska",
    "audio/3gpp",
    "audio/3gpp2",
    "application/vnd.ms-asf",
    "audio/ogg",
    "audio/x-pn-realaudio",
    "image/gif",
    "model/vnd.mts",
    "text/vnd.trolltech.linguist",
}

_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": "The video. Its content decides, not its name.",
                        },
                        "client_id": {
                            "type": "string",
                            "maxLength": _MAX_TEXT_BYTES["client_id"],
                            "description": "Who uploads it: the sockets under this id are told.",
                            "examples": ["me"],
                        },
                        **form_schema(),
                    },
                },
                "encoding": {"options": {"contentType": "application/json"}},
            }
        },
    }
}


@router.post(
    "/upload",
    summary="Upload a video",
    response_model=Uploaded,
    openapi_extra=_FORM,
    responses=problems.responses(
        s400="The request is malformed or wishes for what cannot be, or the file is not a video.",
        s408="Nothing more of the upload came for too long; nothing of it was kept.",
        s413="The upload is larger than the limit.",
        s500="The upload could not be saved or queued; nothing of it was kept.",
        s507="There is no room left on the disk.",
    ),
)
async def upload(request: Request, service: ServiceDependency) -> Uploaded | Response:
    """Receive a video and queue its enhancement and its metadata extraction.

    After the answer 200 no crash of anything loses the video or its work. A field other than the
    file may stand in the query instead; where it is in both, the form counts.
    """
    body, length = arriving(request), _declared_length(request)
    try:
        with _counted():
            _check_encoding(request)
            service.intake.check_length(length or 0)
            form = _Form(service, length)
            form.begin_with(request.query_params)
            return Uploaded(file_id=await _receive(request, body, form))
    except ReelworksError as error:
        # A client that waits for leave to send gets this in its place.
        if isinstance(error, TooLarge) and _waits_for_leave(request):
            raise
        return HeardOut(problems.answer(request, error), body)
    except ClientDisconnect as error:
        raise BadRequest("The client went away before the upload was complete.") from error


@contextmanager
def _counted() -> Iterator[None]:
    """Count one upload by how it ends."""
    outcome = "failed"
    try:
        yield
        outcome = "accepted"
    except (ClientDisconnect, ClientSilent, CancelledError):
        outcome = "aborted"
        raise
    except (NoSpace, DatabaseFull):
        outcome = "no_space"
        raise
    except BadRequest:
        outcome = "refused"
        raise
    finally:
        instruments.uploads.labels(outcome).inc()


def _check_encoding(request: Request) -> None:
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() != "identity":
        raise BadRequest(f"The request is encoded as {encoding}; send the form as it is.")


def _declared_length(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def _waits_for_leave(request: Request) -> bool:
    return request.headers.get("expect", "").lower() == "100-continue"


async def _receive(request: Request, body: AsyncIterator[bytes], form: _Form) -> str:
    try:
        async for event in read_multipart(request.headers.get("content-type", ""), body):
            match event:
                case PartBegin():
                    await form.begin(event)
                case PartData(data):
                    await form.data(data)
                case PartEnd():
                    await form.end()
        return await form.accept(request)
    except CancelledError:
        form.abandon()
        raise
    finally:
        with CancelScope(shield=True):
            await form.close()


class _Form:
    """The form's fields, taken as they come."""

    def __init__(self, service: Service, expected_bytes: int | None) -> None:
        self._service = service
        self._expected_bytes = expected_bytes
        self._field: str | None = None
        self._seen: set[str] = set()
        self._upload: Upload | None = None
        self._is_kept = False
        self._filename = ""
        self._client_id: str | None = None
        self._preset: str | None = None
        self._wishes: Wishes = {}
        self._text = bytearray()
        self._other_bytes = 0
        self._buffer = bytearray()

    def begin_with(self, query: Mapping[str, str]) -> None:
        """What is said in the URL holds where the form does not say it."""
        for field in _MAX_TEXT_BYTES.keys() & query.keys():
            text = query[field]
            _check_length(field, len(text.encode()))
            if text:
                self._take(field, text)

    async def begin(self, part: PartBegin) -> None:
        if part.name in self._seen:
            raise BadRequest(
                f"The form has more than one field '{part.name}'; send each field once."
            )
        if len(self._seen) == _MAX_FIELDS:
            raise BadRequest(f"The form has more than {_MAX_FIELDS} fields.")
        self._seen.add(part.name)
        self._field = part.name
        self._text = bytearray()
        if part.name != "file":
            return
        check_declared_type(part.content_type or "")
        # No database holds the character that ends texts elsewhere.
        self._filename = (part.filename or "upload").replace("\0", "\N{REPLACEMENT CHARACTER}")
        await to_thread.run_sync(self._begin_upload, limiter=_writes)

    def _begin_upload(self) -> None:
        # In the thread: of a request that is given up meanwhile it is known what to remove.
        self._upload = self._service.intake.begin(self._expected_bytes)

    async def data(self, data: bytes) -> None:
        if self._field == "file":
            self._buffer += data
            if len(self._buffer) >= _WRITE_BYTES:
                await self._write()
        elif self._field in _MAX_TEXT_BYTES:
            self._text += data
            _check_length(self._field, len(self._text))
        else:
            self._other_bytes += len(data)
            if self._other_bytes > _MAX_OTHER_BYTES:
                raise BadRequest(
                    f"The form has more than {_MAX_OTHER_BYTES} bytes in fields that mean nothing "
                    f"here, such as '{self._field}'; send the video as the field 'file'."
                )

    async def end(self) -> None:
        await self._write()
        if self._field in _MAX_TEXT_BYTES and self._text:
            self._take(self._field, _decoded(self._field, self._text))
        self._field = None

    async def accept(self, request: Request) -> str:
        """The file id, once the video is safe.

        Raises:
            ClientDisconnect: the client went away before it was its turn.
        """
        if self._upload is None:
            raise BadRequest("The form field 'file' is missing; send the video in it.")
        async with self._service.checks.turn(self._client_id):
            if await request.is_disconnected():
                raise ClientDisconnect
            await to_thread.run_sync(self._upload.check, limiter=_checks)
        self._is_kept = True
        # Not within the turn: a store that is slow, or away, holds up nobody's check.
        await with_store(self._upload.keep)
        accept = partial(self._accept, self._upload)
        await to_thread.run_sync(accept, limiter=_acceptances)
        return self._upload.file_id

    def abandon(self) -> None:
        """The server stops, and waits for nothing more: at once, or not at all."""
        upload, self._upload = self._upload, None
        # A thread that is keeping it goes on. What it leaves is put right at the next start.
        if upload is not None and not self._is_kept:
            upload.close()

    async def close(self) -> None:
        if self._upload is not None:
            await with_store(self._upload.close)

    def _accept(self, upload: Upload) -> None:
        upload.accept(
            filename=self._filename,
            client_id=self._client_id,
            preset=self._preset,
            wishes=self._wishes,
        )

    def _take(self, field: str, text: str) -> None:
        """A whole text field, read at once: what is wrong need not wait for a long file."""
        match field:
            case "client_id":
                self._client_id = check_client_id(text)
            case "preset":
                self._preset = read_preset(text)
            case "options":
                self._wishes = read_options(text)

    async def _write(self) -> None:
        if self._upload is not None and self._buffer:
            instruments.received_bytes.inc(len(self._buffer))
            await to_thread.run_sync(self._upload.write, self._buffer, limiter=_writes)
            self._buffer = bytearray()


def check_declared_type(content_type: str) -> None:
    """Raises NotAVideo where a declared type rules a video out.

    A video's own type, or one that says nothing, leaves the decision to what the file holds.
    """
    if not content_type.startswith("video/") and content_type not in _UNTELLING_TYPES:
        raise NotAVideo(
            f"The file was sent as {content_type}, which is not a video; "
            "send it with a video/* type, or without one."
        )


def _check_length(field: str, length: int) -> None:
    if length > _MAX_TEXT_BYTES[field]:
        raise BadRequest(f"{field} is longer than {_MAX_TEXT_BYTES[field]} bytes.")


def _decoded(field: str, text: bytes | bytearray) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"{field} is not UTF-8 text.") from error
