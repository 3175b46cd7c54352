"""What a running service says is of the shapes that it says it is of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from tests.service import RunningService, messages_until_final


@pytest.fixture(scope="module")
def openapi(service: RunningService) -> dict[str, Any]:
    document: dict[str, Any] = httpx.get(f"{service.url}/openapi.json").json()
    return document


def test_every_message_of_a_socket_is_as_its_schema_has_it(
    service: RunningService, clean_clip: Path
) -> None:
    document = httpx.get(f"{service.url}/asyncapi.json").json()
    schemas = {
        name: message["payload"] for name, message in document["components"]["messages"].items()
    }
    with service.socket("described") as socket:
        file_id = service.accepted(clean_clip, client_id="described")
        said = messages_until_final(socket, file_id)
        socket.send("?")
        said.append(json.loads(socket.recv(timeout=20)))
    said.append({"type": "connection", "status": "connected", "client_id": "described"})
    for message in said:
        schema = schemas[message["type"]] | {"components": document["components"]}
        Draft7Validator(schema, format_checker=FormatChecker()).validate(message)
    assert {message["type"] for message in said} == set(schemas)


def test_every_answer_is_as_its_schema_has_it(
    service: RunningService, clean_clip: Path, openapi: dict[str, Any]
) -> None:
    uploaded = service.upload(clean_clip, client_id="described-too")
    file_id = uploaded.json()["file_id"]
    early = httpx.get(f"{service.url}/videos/{file_id}")
    service.finished(file_id)

    def check(path: str, answer: httpx.Response, method: str = "get") -> None:
        described = openapi["paths"][path][method]["responses"][str(answer.status_code)]
        (content_type, content), *_ = described["content"].items()
        assert answer.headers["content-type"] == content_type
        schema = content["schema"] | {"components": openapi["components"]}
        Draft202012Validator(schema).validate(answer.json())

    def get(path: str, **values: str) -> httpx.Response:
        return httpx.get(service.url + path.format(file_id=file_id, **values))

    check("/upload", uploaded, "post")
    check("/videos/{file_id}", early)
    for path in (
        "/videos/{file_id}",
        "/videos/{file_id}/metadata",
        "/internal/video-enhancement-status/{file_id}",
        "/internal/metadata-extraction-status/{file_id}",
        "/presets",
        "/healthz/live",
        "/healthz/ready",
    ):
        check(path, get(path))
    check("/videos", httpx.get(f"{service.url}/videos?client_id=described-too"))
    check("/videos", httpx.get(f"{service.url}/videos"))
    name = f"{file_id}_metadata.json"
    check("/processed_videos/metadata/{name}", get(f"/processed_videos/metadata/{name}"))
    check("/videos/{file_id}", httpx.get(f"{service.url}/videos/nope"))
    again = httpx.post(f"{service.url}/videos/{file_id}/retry")
    check("/videos/{file_id}/retry", again, "post")
    assert again.status_code == 409


def test_every_link_of_a_finished_video_leads_to_what_it_says(
    service: RunningService, clean_clip: Path
) -> None:
    file_id = service.accepted(clean_clip, client_id="linked")
    service.finished(file_id)
    video = httpx.get(f"{service.url}/videos/{file_id}").json()
    links = {name: path for name, path in video["links"].items() if path is not None}
    assert set(links) == {"self", "original", "enhanced", "metadata", "poster", "compare"}
    answers = {name: httpx.get(service.url + path) for name, path in links.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["original"].content == clean_clip.read_bytes()
    assert answers["enhanced"].content == service.enhanced(file_id).read_bytes()
    assert answers["metadata"].json() == service.metadata(file_id)
    assert answers["original"].headers["content-type"] == "video/mp4"
    assert video["plan"] == answers["metadata"].json()["advanced"]["enhancement"]
