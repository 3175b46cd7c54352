"""Puts videos into the records."""

from __future__ import annotations

import uuid

from reelworks.engine.records import Records
from reelworks.model import NewVideo


def new_video(*, client_id: str | None = "me", file_id: str | None = None) -> NewVideo:
    """A video of no particular kind."""
    file_id = file_id or str(uuid.uuid4())
    return NewVideo(
        file_id=file_id,
        client_id=client_id,
        filename="clip.mp4",
        source_key=f"uploads/{file_id}",
        size_bytes=1000,
        sha256="0" * 64,
        preset="auto",
        options="{}",
    )


def add_video(records: Records, *, client_id: str | None = "me") -> str:
    """A video whose two processes are pending; returns its file id."""
    video = new_video(client_id=client_id)
    with records.writing() as connection:
        records.add(connection, video)
    return video.file_id
