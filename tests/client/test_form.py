"""What is uploaded arrives as it is: read by the service's own reader."""

from __future__ import annotations

import asyncio
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelworks.api.multipart import Parser, PartBegin, PartData
from reelworks.client.form import Form, length_of, require_bytes, video_type
from reelworks.errors import BadRequest


def _form(data: bytes, filename: str = "a.mp4", size: int | None = None) -> Form:
    file = io.BytesIO(data)
    size = length_of(file) if size is None else size
    fields = {"client_id": "me"}
    return Form(fields=fields, filename=filename, content_type="video/mp4", file=file, size=size)


async def _sent(form: Form) -> bytes:
    return b"".join([piece async for piece in form.body(None)])


def _read(form: Form) -> tuple[PartBegin, bytes]:
    """The last part, as the service reads it."""
    body = asyncio.run(_sent(form))
    assert form.headers()["content-length"] == str(len(body))
    parser = Parser(form.headers()["content-type"])
    events = list(parser.feed(body))
    parser.finish()
    begin = max(index for index, event in enumerate(events) if isinstance(event, PartBegin))
    part = events[begin]
    assert isinstance(part, PartBegin)
    return part, b"".join(each.data for each in events[begin:] if isinstance(each, PartData))


@given(st.binary(max_size=300))
def test_the_bytes_arrive(data: bytes) -> None:
    assert _read(_form(data))[1] == data


# The reader cuts what looks like a whole Windows path, as old browsers sent it.
_NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).filter(
    lambda name: name[1:3] != ":\\" and name[:2] != "\\\\"
)


@given(_NAMES)
def test_the_name_arrives_whatever_it_is(filename: str) -> None:
    assert _read(_form(b"", filename))[0].filename == filename


def test_what_looks_escaped_in_a_name_arrives_as_it_is() -> None:
    assert _read(_form(b"", 'the "%22" 100% ü.mp4'))[0].filename == 'the "%22" 100% ü.mp4'
    assert _read(_form(b"", "\udcff%0A.mp4"))[0].filename == "\N{REPLACEMENT CHARACTER}%0A.mp4"


@pytest.mark.parametrize("source", [io.StringIO("text"), b"bytes"])
def test_what_is_no_file_of_bytes_is_said_to_be_it(source: object) -> None:
    with pytest.raises(TypeError, match=r"opened for bytes, as by open\(path, 'rb'\); it is "):
        require_bytes(source)


def test_a_name_cannot_break_out_of_its_line() -> None:
    name = 'a"\r\nContent-Type: text/html\r\n\r\n<b>.mp4'
    part, _ = _read(_form(b"", name))
    assert part == PartBegin(name="file", filename=name, content_type="video/mp4")


def test_a_name_that_is_not_text_on_this_system_is_sent_all_the_same() -> None:
    part, _ = _read(_form(b"", os.fsdecode(b"caf\xe9.mp4")))
    assert part.filename == "caf\N{REPLACEMENT CHARACTER}.mp4"


def test_a_file_that_grows_is_sent_as_long_as_it_was() -> None:
    assert _read(_form(b"0123456789", size=4))[1] == b"0123"


def test_a_file_that_shrinks_is_not_sent_as_whole() -> None:
    with pytest.raises(BadRequest, match=r"a\.mp4 became shorter while it was sent"):
        asyncio.run(_sent(_form(b"0123", size=10)))


def test_only_what_is_left_of_a_file_counts() -> None:
    file = io.BytesIO(b"0123456789")
    file.seek(4)
    assert length_of(file) == 6
    assert file.tell() == 4


def test_a_name_declares_a_video_or_nothing() -> None:
    assert video_type("a.mp4") == "video/mp4"
    assert video_type("A.WEBM") == "video/webm"
    for name in ("a.txt", "a.mp4.gz", "a", "a.png", "a.mp3"):
        assert video_type(name) == "application/octet-stream"
