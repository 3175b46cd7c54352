"""Names that an upload brings along: what no database could hold does not get that far."""

from __future__ import annotations

import pytest

from tests.api.conftest import OpenedApi
from tests.clips import plain


def body(filename: bytes, client_id: bytes) -> bytes:
    """A form, byte for byte as a stranger may write it."""
    return (
        b'--x\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n' + client_id + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + filename
        + b'"\r\n\r\n'
        + plain().read_bytes()
        + b"\r\n--x--\r\n"
    )


FORM = {"content-type": "multipart/form-data; boundary=x"}


def test_a_client_id_with_a_zero_byte_is_refused_and_nothing_is_kept(api: OpenedApi) -> None:
    before = api.files()
    response = api.upload(content=body(b"a.mp4", b"a\0b"), headers=FORM)
    assert response.status_code == 400
    assert "client_id must be" in response.json()["detail"]
    assert api.files() == before


@pytest.mark.parametrize("filename", [b"a\0b.mp4", b"\xff\xfe.mp4", b"\xed\xa0\x80.mp4"])
def test_a_file_name_that_is_no_text_is_kept_as_far_as_it_is(
    api: OpenedApi, filename: bytes
) -> None:
    response = api.upload(content=body(filename, b"me"), headers=FORM)
    assert response.status_code == 200, response.text
    name = api.base.records.video(response.json()["file_id"]).filename
    assert name.endswith(".mp4")
    assert "\0" not in name
    name.encode()
