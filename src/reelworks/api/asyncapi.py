"""``/asyncapi.json``: the socket, described by AsyncAPI 3 from the messages themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from inspect import getdoc
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic.json_schema import models_json_schema

from reelworks import __version__
from reelworks.api.parameters import MAX_CLIENT_ID
from reelworks.events import messages
from reelworks.events.messages import Connection, Error, Message, StatusUpdate, UploadStatus
from reelworks.model import Process, ProcessType, Status

router = APIRouter(include_in_schema=False)

_DESCRIPTION = """
What Reelworks tells a client live. The HTTP side is described in `/openapi.json`.

On a new socket the `connection` message comes first, then one `status_update` for each process of
the client's videos that is not final. State is sent, not history: of several changes since the
last message about a process, only the newest is.
"""
_NOW = datetime(2026, 11, 22, 20, 15, 3, 120_000, UTC)
_PROCESS = Process(
    file_id="0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11",
    client_id="me",
    process_type=ProcessType.VIDEO_ENHANCEMENT,
    status=Status.PROCESSING,
    progress=42,
    error=None,
    created_at=_NOW,
    started_at=_NOW,
    updated_at=_NOW,
)
_EXAMPLES: dict[type[Message], Message] = {
    Connection: messages.connection("me"),
    UploadStatus: messages.upload_status(_PROCESS),
    StatusUpdate: messages.status_update(_PROCESS),
    Error: messages.NOT_UNDERSTOOD,
}


@router.get("/asyncapi.json")
async def asyncapi() -> JSONResponse:
    """The document."""
    return JSONResponse(document())


@cache
def document() -> dict[str, Any]:
    """The document as plain JSON values."""
    kinds = {str(kind.model_fields["type"].default): kind for kind in _EXAMPLES}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Reelworks",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"development": {"host": "localhost:8000", "protocol": "ws"}},
        "channels": {"updates": _channel(kinds)},
        "operations": {
            "tell": {
                "action": "send",
                "summary": "Tell a client what happens to its videos",
                "channel": {"$ref": "#/channels/updates"},
                "messages": [{"$ref": f"#/channels/updates/messages/{name}"} for name in kinds],
            }
        },
        "components": {
            "messages": {name: _message(name, kind) for name, kind in kinds.items()},
            "schemas": _schemas(),
        },
    }


def _channel(kinds: dict[str, type[Message]]) -> dict[str, Any]:
    return {
        "address": "/ws/{client_id}",
        "description": "One socket. Many may share a client id. There is nothing to ask for: any "
        "message from the client is answered with an `error`.",
        "parameters": {
            "client_id": {
                "description": "Whose videos: as it is sent with the uploads, percent-encoded; "
                f"1 to {MAX_CLIENT_ID} bytes. It may hold a `/`.",
                "examples": ["me"],
            }
        },
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in kinds},
        "bindings": {"ws": {"method": "GET"}},
    }


def _message(name: str, kind: type[Message]) -> dict[str, Any]:
    return {
        "name": name,
        "title": kind.__name__,
        "summary": getdoc(kind),
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
        "examples": [{"payload": _EXAMPLES[kind].model_dump(mode="json")}],
    }


def _schemas() -> dict[str, Any]:
    _, made = models_json_schema(
        [(kind, "serialization") for kind in _EXAMPLES], ref_template="#/components/schemas/{model}"
    )
    schemas: dict[str, Any] = made["$defs"]
    return schemas
