"""The routes, from the OpenAPI document that the service serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from reelworks.api.application import create_application
from tests.docs.tables import code, table

_INTRODUCTION = """\
# Routes

Every HTTP route, as `/openapi.json` describes it. [The API](api.md) says how they belong together,
with examples, and has the order of the WebSocket's [messages](messages.md).
"""


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    # No route is asked, so there need be no service behind them.
    app: FastAPI = create_application(None)  # type: ignore[arg-type]
    return app.openapi()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Method and path, and what is said of them."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def schemas() -> dict[str, Any]:
    """The shapes that answers have."""
    found: dict[str, Any] = document()["components"]["schemas"]
    return found


def page() -> Iterator[str]:
    """The page."""
    yield from _INTRODUCTION.splitlines()
    for name, operation in operations():
        yield ""
        yield from _operation(name, operation)
    yield from ("", "## Shapes")
    for name, schema in schemas().items():
        yield ""
        yield from _shape(name, schema)


def _operation(name: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    yield f"**{operation['summary']}.** {operation['description'].strip()}"
    if parameters := operation.get("parameters"):
        yield ""
        yield from table(
            ("parameter", "in", "type", "meaning"),
            (
                (code(each["name"]), each["in"], kind(each["schema"]), each.get("description", ""))
                for each in parameters
            ),
        )
    for content in operation.get("requestBody", {}).get("content", {}).items():
        yield ""
        yield from _body(*content)
    yield ""
    yield from table(
        ("answer", "meaning"), (_answer(*each) for each in operation["responses"].items())
    )


def _body(content_type: str, content: dict[str, Any]) -> list[str]:
    properties = content["schema"].get("properties", {})
    head = (f"field of {code(content_type)}", "type", "meaning")
    return table(head, (_field(*each) for each in properties.items()))


def _field(name: str, schema: dict[str, Any]) -> tuple[str, str, str]:
    return code(name), kind(schema), schema.get("description", "")


def _answer(status: str, answer: dict[str, Any]) -> tuple[str, str]:
    meant = "" if answer["description"] == "Successful Response" else answer["description"]
    shown = [
        kind(content["schema"])
        for content in answer.get("content", {}).values()
        if "$ref" in content.get("schema", {})
    ]
    return status, " ".join([*shown, meant]).strip()


def _shape(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    if text := schema.get("description", "").strip():
        yield text
        yield ""
    if "enum" in schema:
        yield "One of " + ", ".join(code(each) for each in schema["enum"]) + "."
    else:
        fields = schema.get("properties", {}).items()
        yield from table(("key", "type", "meaning"), (_field(*each) for each in fields))


def kind(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(kind(each) for each in schema["anyOf"]))
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return " or ".join(code(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    words = [schema.get("format", schema.get("type", "anything"))]
    words += [f"from {schema['minimum']:g}"] if "minimum" in schema else []
    words += [f"to {schema['maximum']:g}"] if "maximum" in schema else []
    words += [f"of at most {schema['maxLength']} characters"] if "maxLength" in schema else []
    return " ".join(words)
