"""Every error of the API as ``application/problem+json`` (RFC 9457), always with a ``detail``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from reelworks.errors import (
    BadRequest,
    ClientSilent,
    Conflict,
    DatabaseFull,
    NoSpace,
    NotFound,
    NoThreads,
    ReelworksError,
    TooLarge,
)
from reelworks.faults import in_words
from reelworks.storage.disk import NO_FILES, no_files

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
_METHODS = ("DELETE", "GET", "HEAD", "POST")


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(default="about:blank", description="A URI that names the kind of problem.")
    title: str = Field(description="The status code's phrase.", examples=["Bad Request"])
    status: int = Field(description="The status code.", examples=[400])
    detail: str = Field(
        description="One sentence: what was wrong, and what to do.",
        examples=["The file is plain text, not a video; upload a video file."],
    )


def responses(**described: str) -> dict[int | str, dict[str, Any]]:
    """The error responses of a route for OpenAPI: ``responses(s400="…", s404="…")``."""
    return {
        int(name[1:]): {
            "description": text,
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": f"#/components/schemas/{Problem.__name__}"},
                    "example": _document(int(name[1:]), text).model_dump(),
                }
            },
        }
        for name, text in described.items()
    }


def install(app: FastAPI) -> None:
    """Make every error of an app a problem document."""
    app.add_exception_handler(ReelworksError, _ours)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OSError, _of_the_machine)
    app.add_exception_handler(RuntimeError, _of_the_machine)
    app.add_exception_handler(Exception, _unexpected)


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """One problem document."""
    body = _document(status, detail).model_dump()
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def message(status: int, detail: str) -> bytes:
    """One problem document as it goes over a connection, which ends with it."""
    document = problem(status, detail, {"connection": "close"})
    first = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()
    head = (b"%s: %s" % each for each in document.raw_headers)
    return b"\r\n".join([first, *head, b"", bytes(document.body)])


def _document(status: int, detail: str) -> Problem:
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)


def status_of(error: ReelworksError) -> int:
    """The status code that an error of ours is answered with."""
    match error:
        case NotFound():
            return 404
        case Conflict():
            return 409
        case ClientSilent():
            return 408
        case TooLarge():
            return 413
        case BadRequest():
            return 400
        case NoSpace() | DatabaseFull():
            return 507
        case _:
            return 500


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ReelworksError)
    return answer(request, error)


def answer(request: Request, error: ReelworksError) -> JSONResponse:
    """What a request is answered that an error of ours ended."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # not the client's doing: we must hear of it
        log.error("%s %s failed: %s", request.method, request.url.path, error)
    return problem(status, str(error))


async def _of_the_machine(request: Request, error: Exception) -> JSONResponse:
    if request.scope["type"] != "http":
        raise error  # a socket whose client has gone: the server knows that, and says nothing
    if isinstance(error, OSError) and error.errno in NO_FILES:
        return answer(request, no_files())  # wherever one was to be opened: a pipe to a child, say
    if isinstance(error, RuntimeError) and NoThreads.is_meant(error):
        return answer(request, NoThreads())
    return await _unexpected(request, error)


async def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(400, " ".join(map(_fault, error.errors())) or "The request is malformed.")


def _fault(found: Mapping[str, Any]) -> str:
    """What the framework says of a parameter, as a sentence about it."""
    name = str(found["loc"][-1])
    if found["type"] == "missing":
        return f"The parameter {name} is missing."
    return f"{name} is wrong: {in_words(found)}."


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {"allow": ", ".join(_allowed(request))}
    return problem(error.status_code, _sentence(request, error), headers)


def _allowed(request: Request) -> list[str]:
    """The methods of all routes of a path; the framework names those of the first one."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    return [
        method
        for method, scope in scopes.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


def _sentence(request: Request, error: HTTPException) -> str:
    """What to say of it: the framework only repeats the status where no route fits."""
    if error.detail != HTTPStatus(error.status_code).phrase:
        return str(error.detail)
    path, root = request.url.path, request.base_url
    if error.status_code == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {path}; {root}openapi.json lists all paths."
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return f"{request.method} is not allowed at {path}; {root}openapi.json lists what is."
    return str(error.detail)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "An internal error stopped the request; nothing of it was kept.")
