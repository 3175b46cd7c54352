"""The fields ``preset`` and ``options`` of an upload."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reelworks.media.deciding.options import Options, preset_names
from reelworks.model import Video
from tests.api.conftest import OpenedApi
from tests.clips import plain

MIB = 1 << 20


def form(**fields: str | bytes) -> list[tuple[str, Any]]:
    """Text fields, in this order, as httpx wants them."""
    return [(name, (None, value)) for name, value in fields.items()]


def video_part() -> list[tuple[str, Any]]:
    return [("file", ("clip.mp4", plain().read_bytes(), "video/mp4"))]


def kept(api: OpenedApi, parts: list[tuple[str, Any]]) -> Video:
    """The video as recorded, of an upload that must be accepted."""
    response = api.upload(files=parts)
    assert response.status_code == 200, response.text
    return api.base.records.video(response.json()["file_id"])


def options_of(video: Video) -> Options:
    return Options(**json.loads(video.options))


@pytest.mark.parametrize("file_first", [True, False])
def test_wishes_are_kept_complete_wherever_they_stand(api: OpenedApi, file_first: bool) -> None:
    fields = form(options='{"sharpen": 0, "codec": "av1"}', preset="vivid", client_id="me")
    parts = video_part() + fields if file_first else fields + video_part()
    video = kept(api, parts)
    assert (video.preset, video.client_id) == ("vivid", "me")
    assert options_of(video) == Options.of("vivid", sharpen=0, codec="av1")


@pytest.mark.parametrize("fields", [{}, {"preset": "", "options": ""}, {"options": "{}"}])
def test_who_wishes_for_nothing_gets_the_preset_of_the_settings(
    api: OpenedApi, fields: dict[str, str]
) -> None:
    video = kept(api, video_part() + form(**fields))
    assert video.preset == "clean"
    assert options_of(video) == Options.of("clean")


def test_fields_in_the_query_hold_unless_the_form_says_otherwise(api: OpenedApi) -> None:
    query = {"client_id": "me", "preset": "vivid", "options": '{"codec": "av1"}'}
    parts = video_part() + form(preset="restore", options="")
    response = api.upload(params=query, files=parts)
    assert response.status_code == 200, response.text
    video = api.base.records.video(response.json()["file_id"])
    assert (video.preset, video.client_id) == ("restore", "me")
    assert options_of(video) == Options.of("restore", codec="av1")
    for wrong in ({"preset": "foo"}, {"client_id": "x" * 257}, {"options": "[]"}):
        refused = api.upload(params=wrong, files=video_part())
        assert refused.status_code == 400
        assert next(iter(wrong)) in refused.json()["detail"]


WRONG: list[tuple[dict[str, str | bytes], str]] = [
    ({"preset": "foo"}, "preset: there is no preset 'foo'; choose one of auto, vivid, restore"),
    ({"preset": b"\xff"}, "preset is not UTF-8 text."),
    ({"preset": "x" * 65}, "preset is longer than 64 bytes."),
    ({"options": '{"denoise": "strong"}'}, "options.denoise: give"),
    ({"options": '{"denoise": 1, "denoise": 2}'}, "options: 'denoise' is there twice"),
    ({"options": '{"denoise": NaN}'}, "options: not a JSON object"),
    ({"options": '{"sharpness": 1}'}, "options: there is no option 'sharpness'; the options are"),
    ({"options": '{"\\ud800": "\\udfff"}'}, r"options: there is no option '\ud800'"),
    ({"options": '{"codec": "\\udfff"}'}, r"""or "vp9", not '\udfff'."""),
    ({"options": "[" * 4000}, "options: not a JSON object"),
    ({"options": b'{"codec": "\xff"}'}, "options is not UTF-8 text."),
    ({"options": " " * 4097}, "options is longer than 4096 bytes."),
]


@pytest.mark.parametrize(("fields", "said"), WRONG)
@pytest.mark.parametrize("file_first", [True, False])
def test_a_wrong_wish_is_a_sentence_that_names_the_field_and_leaves_nothing(
    api: OpenedApi, fields: dict[str, str | bytes], said: str, file_first: bool
) -> None:
    before = api.files()
    parts = video_part() + form(**fields) if file_first else form(**fields) + video_part()
    response = api.upload(files=parts)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    assert said in response.json()["detail"]
    assert api.files() == before


def test_a_wish_that_comes_twice_is_refused(api: OpenedApi) -> None:
    response = api.upload(files=form(preset="auto") + form(preset="vivid") + video_part())
    assert response.status_code == 400
    assert "more than one field 'preset'" in response.json()["detail"]


def test_a_wrong_preset_before_a_long_file_is_answered_long_before_its_end(api: OpenedApi) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="preset"\r\n\r\nfoo\r\n'
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'
        piece = bytes(MIB)
        for sent in range(1, 1001):  # noqa: B007  (told to the test)
            yield piece
        yield b"\r\n--b--\r\n"

    before = api.files()
    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert api.upload(content=body(), headers=headers).status_code == 400
    assert sent < 100
    assert api.files() == before


def test_fields_without_end_are_refused_early(api: OpenedApi) -> None:
    many = [(f"field{number}", (None, "")) for number in range(101)]
    accepted = api.upload(files=many[:99] + video_part())
    assert accepted.status_code == 200, accepted.text
    before = api.files()
    refused = api.upload(files=video_part() + many)
    assert refused.status_code == 400
    assert "more than 100 fields" in refused.json()["detail"]
    assert api.files() == before


def test_a_field_without_end_that_means_nothing_is_refused_early(api: OpenedApi) -> None:
    before = api.files()
    refused = api.upload(files=[*video_part(), ("vidoe", ("a.mp4", bytes(MIB + 1)))])
    assert refused.status_code == 400
    assert "such as 'vidoe'; send the video as the field 'file'" in refused.json()["detail"]
    assert api.files() == before
    short = api.upload(files=[*video_part(), ("note", (None, "x" * MIB))])
    assert short.status_code == 200, short.text


def test_openapi_describes_both_fields(api: OpenedApi) -> None:
    operation = api.get("/openapi.json").json()["paths"]["/upload"]["post"]
    body = operation["requestBody"]["content"]["multipart/form-data"]
    fields = body["schema"]["properties"]
    assert fields["preset"]["enum"] == list(preset_names())
    assert list(fields["options"]["properties"]) == list(Options.model_fields)
    assert "required" not in fields["options"]
    assert body["encoding"]["options"]["contentType"] == "application/json"
    for example in fields["options"]["examples"]:
        assert Options.of(**example)


def test_every_preset_and_option_is_offered_and_the_settings_one_is_the_default(
    api: OpenedApi,
) -> None:
    offered = api.get("/presets").json()
    assert [preset["name"] for preset in offered["presets"]] == list(preset_names())
    assert offered["default"] == "clean"
    assert list(offered["options"]) == list(Options.model_fields)
    for preset in offered["presets"]:
        assert Options(**preset["options"]) == Options.of(preset["name"])
        assert preset["description"]
