"""The two documents in which the service describes itself: every route, and the socket."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from reelworks.api.application import create_application
from reelworks.api.asyncapi import document as asyncapi_document
from tests.api.conftest import OpenedApi

_SCHEMA = "npm/node_modules/@asyncapi/specs/schemas/3.0.0.json"
# What has no example: a video or a picture is no text.
_BYTES = ("video/*", "image/jpeg")
_ASKING_NOBODY = ("GET /healthz/live", "GET /presets")


def openapi() -> dict[str, Any]:
    # No route is asked, so there need be no service behind them.
    return create_application(None).openapi()  # type: ignore[arg-type]


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


every_route = pytest.mark.parametrize(
    ("name", "operation"), [pytest.param(*each, id=each[0]) for each in operations()]
)


def with_references(schema: dict[str, Any]) -> Draft202012Validator:
    """A validator of one of the document's schemas."""
    return Draft202012Validator(schema | {"components": openapi()["components"]})


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = openapi()["components"]["schemas"][name] if name else schema
    return found


def test_the_document_is_as_openapi_demands() -> None:
    validate(openapi(), cls=OpenAPIV31SpecValidator)


def test_it_is_served(api: OpenedApi) -> None:
    assert api.get("/openapi.json").json() == openapi()


@every_route
def test_a_route_says_what_it_is(name: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert len(operation["description"]) > 20, name


@every_route
def test_a_route_shows_an_answer(name: str, operation: dict[str, Any]) -> None:
    (status,) = (each for each in operation["responses"] if each in ("200", "204"))
    content = operation["responses"][status].get("content", {})
    assert bool(content) == (status == "200"), name
    for media_type, body in content.items():
        if media_type in _BYTES:
            continue
        schema = body.get("schema", {})
        example = body.get("example", resolved(schema).get("example"))
        assert example is not None, f"{name} has no example"
        if schema:
            with_references(schema).validate(example)


@every_route
def test_a_route_says_how_it_fails(name: str, operation: dict[str, Any]) -> None:
    problems = {
        status: answer["content"]["application/problem+json"]
        for status, answer in operation["responses"].items()
        if status >= "400"
    }
    assert "422" not in problems
    expected = set() if name in _ASKING_NOBODY else {"500"}
    if "{file_id}" in name or "{name}" in name:
        expected.add("404")
    if any(each["in"] == "query" for each in operation.get("parameters", [])):
        expected.add("400")
    assert expected <= set(problems), name
    for status, problem in problems.items():
        with_references(problem["schema"]).validate(problem["example"])
        assert problem["example"]["status"] == int(status)
        assert problem["example"]["detail"].endswith(".")


def test_the_socket_is_described_as_asyncapi_demands() -> None:
    path = Path(sys.prefix) / _SCHEMA
    if not path.exists():
        pytest.skip("AsyncAPI's schema comes through npm, which was not there at `make install`")
    Draft7Validator(json.loads(path.read_text())).validate(asyncapi_document())


def test_the_description_of_the_socket_is_served(api: OpenedApi) -> None:
    answer = api.get("/asyncapi.json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == asyncapi_document()


def test_every_reference_of_the_description_of_the_socket_leads_somewhere() -> None:
    document = asyncapi_document()

    def check(value: Any) -> None:
        for each in value.values() if isinstance(value, dict) else value:
            if isinstance(each, dict | list):
                check(each)
        if isinstance(value, dict) and "$ref" in value:
            target: Any = document
            for key in value["$ref"].removeprefix("#/").split("/"):
                target = target[key]

    check(document)


@pytest.mark.parametrize("name", ["connection", "upload_status", "status_update", "error"])
def test_the_example_of_a_message_is_one(name: str) -> None:
    document = asyncapi_document()
    message = document["components"]["messages"][name]
    schema = message["payload"] | {"components": document["components"]}
    for example in message["examples"]:
        assert example["payload"]["type"] == name
        Draft7Validator(schema).validate(example["payload"])
        for key in example["payload"]:
            less = {each: value for each, value in example["payload"].items() if each != key}
            assert not Draft7Validator(schema).is_valid(less)
