"""What several routes take, read and refused in one way."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator

from reelworks.engine.catalogue import Place
from reelworks.engine.records import unknown
from reelworks.errors import BadRequest

MAX_CLIENT_ID = 256
"""The longest client id, in bytes."""

_FILE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CURSOR = re.compile(rf"(\d{{1,18}})/({_FILE_ID.pattern})")


def check_client_id(client_id: str) -> str:
    """A client id as it is. Raises BadRequest for one that no video can have."""
    if not client_id or "\0" in client_id or len(client_id.encode()) > MAX_CLIENT_ID:
        raise BadRequest(
            f"client_id must be 1 to {MAX_CLIENT_ID} bytes of text without a zero byte; "
            "take the same one for uploads, sockets and lists."
        )
    return client_id


def _existing_form(file_id: str) -> str:
    """The id as we write it; what no video can be called is unknown, without asking the database.

    Programs that read it as a UUID may write it in capitals, as Swift does: it is the same one (RFC
    9562, section 4).
    """
    if not _FILE_ID.fullmatch(file_id.lower()):
        raise unknown(file_id)
    return file_id.lower()


FileId = Annotated[
    str,
    Path(description="As the upload gave it.", examples=["0b0c5e2e-6d2c-4c3e-9a55-4f0d7a2f9a11"]),
    AfterValidator(_existing_form),
]
ClientId = Annotated[
    str,
    Query(description="Whose videos: as it was sent with the uploads.", examples=["me"]),
    AfterValidator(check_client_id),
]


def write_cursor(place: Place) -> str:
    """A place in a list as an opaque text."""
    return urlsafe_b64encode(f"{place.created_ms}/{place.file_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Place:
    """The place that ``write_cursor`` wrote. Raises BadRequest for any other text."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise BadRequest(
            "The cursor is none that this service gave; take 'next' of the page before, "
            "or leave it out to begin with the newest."
        )
    return Place(int(match[1]), match[2])
