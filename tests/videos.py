"""Puts videos into the records."""

from __future__ import annotations

import uuid

from reelworks.engine.records import Records


def add_video(records: Records, *, client_id: str | None = "me") -> str:
    """A video whose two processes are pending; returns its file id."""
    file_id = str(uuid.uuid4())
    with records.engine.begin() as connection:
        records.add(
            connection,
            file_id=file_id,
            client_id=client_id,
            filename="clip.mp4",
            source_key=f"uploads/{file_id}",
            size_bytes=1000,
            sha256="0" * 64,
        )
    return file_id
