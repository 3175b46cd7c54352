"""The WebSocket's messages, from the AsyncAPI document that the service serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reelworks.api.asyncapi import document
from tests.docs.routes import kind
from tests.docs.tables import code, table

_INTRODUCTION = """\
# Messages

Every message of the WebSocket, as `/asyncapi.json` describes it. [The API](api.md#websocket) says
in which order they come.
"""


def messages() -> dict[str, dict[str, Any]]:
    """The messages, by their type."""
    found: dict[str, dict[str, Any]] = document()["components"]["messages"]
    return found


def payload(message: dict[str, Any]) -> dict[str, Any]:
    """The shape of a message."""
    name = message["payload"]["$ref"].rpartition("/")[2]
    schema: dict[str, Any] = document()["components"]["schemas"][name]
    return schema


def page() -> Iterator[str]:
    """The page."""
    yield from _INTRODUCTION.splitlines()
    for channel in document()["channels"].values():
        yield ""
        yield f"## {channel['address']}"
        yield ""
        yield channel["description"]
        yield ""
        parameters = channel["parameters"].items()
        rows = ((code(name), each["description"]) for name, each in parameters)
        yield from table(("parameter", "meaning"), rows)
    for name, message in messages().items():
        yield ""
        yield from _message(name, message)


def _message(name: str, message: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield message["summary"]
    for example in message["examples"]:
        yield from ("", "```json", json.dumps(example["payload"]), "```")
    yield ""
    yield from table(("key", "type", "meaning"), _keys(message))


def _keys(message: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for key, schema in payload(message)["properties"].items():
        resolved = _resolved(schema)
        said = schema.get("description") or resolved.get("description", "")
        yield code(key), kind(resolved), said


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema refers to."""
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found
