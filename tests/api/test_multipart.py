"""Reading multipart bodies that arrive cut anywhere."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelworks.api.multipart import Event, Parser, PartBegin, PartData, PartEnd
from reelworks.errors import BadRequest

TYPE = "multipart/form-data; boundary=xxBOUNDARYxx"


def body(*parts: tuple[str, bytes]) -> bytes:
    head = b"".join(
        b"--xxBOUNDARYxx\r\nContent-Disposition: form-data; "
        + disposition.encode()
        + b"\r\n\r\n"
        + content
        + b"\r\n"
        for disposition, content in parts
    )
    return head + b"--xxBOUNDARYxx--\r\n"


def read(raw: bytes, cuts: list[int] | None = None) -> list[tuple[PartBegin, bytes]]:
    parser = Parser(TYPE)
    places = [0, *sorted(cut % (len(raw) + 1) for cut in cuts or []), len(raw)]
    events: list[Event] = []
    for begin, end in itertools.pairwise(places):
        events.extend(parser.feed(raw[begin:end]))
    parser.finish()
    return together(events)


def together(events: list[Event]) -> list[tuple[PartBegin, bytes]]:
    parts: list[tuple[PartBegin, bytes]] = []
    for event in events:
        match event:
            case PartBegin():
                parts.append((event, b""))
            case PartData(data):
                parts[-1] = (parts[-1][0], parts[-1][1] + data)
            case PartEnd():
                pass
    return parts


@given(
    content=st.binary(max_size=300)
    | st.sampled_from(
        [b"\r\n--xxBOUNDARY", b"\r\n--xxBOUNDARYx\r\n", b"--xxBOUNDARYxx--", b"\r\n\r"]
    ),
    cuts=st.lists(st.integers(0, 10_000), max_size=8),
)
def test_content_arrives_whole_wherever_the_body_is_cut(content: bytes, cuts: list[int]) -> None:
    if b"\r\n--xxBOUNDARYxx" in content:
        return
    raw = body(('name="file"; filename="a.mp4"', content), ('name="client_id"', b"me"))
    parts = read(raw, cuts)
    assert [(part.name, part.filename, data) for part, data in parts] == [
        ("file", "a.mp4", content),
        ("client_id", None, b"me"),
    ]


@given(raw=st.binary(max_size=400))
def test_garbage_is_a_bad_request_and_nothing_else(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        read(raw)


@given(keep=st.integers(0, 10_000))
def test_a_body_that_ends_early_is_a_bad_request(keep: int) -> None:
    raw = body(('name="file"; filename="a.mp4"', b"0123456789"))
    with pytest.raises(BadRequest):
        read(raw[: keep % (len(raw) - 4)])


def test_names_are_utf8() -> None:
    ((part, _),) = read(body(('name="file"; filename="ünï 日本;$(x).mp4"', b"")))
    assert part.filename == "ünï 日本;$(x).mp4"


def test_what_forms_escape_in_names_is_as_it_was() -> None:
    """Browsers, fetch and curl do so; a name has its own per cents as they are."""
    ((part, _),) = read(body(('name="file"; filename="12%22%0D%0A100%25 %2F.mp4"', b"")))
    assert part.filename == '12"\r\n100%25 %2F.mp4'


def test_a_name_in_the_form_of_other_headers_is_understood() -> None:
    told = (
        """name=file; filename="=?utf-8?B?w7xuw68ubXA0?="; filename*=utf-8''%C3%BCn%C3%AF%3B.mp4"""
    )
    ((part, _),) = read(body((told, b"")))
    assert part.filename == "ünï;.mp4"


def test_what_only_looks_like_that_form_is_part_of_the_name() -> None:
    ((part, _),) = read(body(("""name=file; filename="a; filename*=utf-8''b.mp4\"""", b"")))
    assert part.filename == "a; filename*=utf-8''b.mp4"


def test_a_declared_type_is_lower_case_and_bare() -> None:
    raw = body(('name="file"; filename="a"\r\nContent-Type: Video/MP4; codecs=avc1', b""))
    ((part, _),) = read(raw)
    assert part.content_type == "video/mp4"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 1000],
)
def test_other_bodies_are_refused(content_type: str) -> None:
    with pytest.raises(BadRequest):
        Parser(content_type)


def test_a_content_type_that_was_set_by_hand_is_said_to_be_it() -> None:
    with pytest.raises(BadRequest, match="names no boundary; do not set it by hand"):
        Parser("multipart/form-data")
    with pytest.raises(BadRequest, match=r"does not begin with the boundary.*by hand"):
        list(Parser("multipart/form-data; boundary=another").feed(body(("name=a", b"b"))))


def test_a_part_in_base64_is_refused_as_what_it_is() -> None:
    raw = body(('name="file"; filename="a"\r\nContent-Transfer-Encoding: Base64', b"AAAA"))
    with pytest.raises(BadRequest, match="encoded as base64; send its bytes"):
        read(raw)
    raw = body(('name="file"; filename="a"\r\nContent-Transfer-Encoding: binary', b"AAAA"))
    assert read(raw)[0][1] == b"AAAA"


def test_a_part_without_a_name_is_refused() -> None:
    with pytest.raises(BadRequest, match="no name"):
        read(body(('filename="a"', b"")))


def test_endless_headers_are_refused() -> None:
    with pytest.raises(BadRequest):
        read(body(('name="' + "x" * 100_000 + '"', b"")))
