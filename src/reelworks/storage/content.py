"""What kind of file a key names, for whoever fetches it."""

from __future__ import annotations

from pathlib import PurePosixPath

BINARY = "application/octet-stream"

_CONTENT_TYPES = {
    "3g2": "video/3gpp2",
    "3gp": "video/3gpp",
    "avi": "video/x-msvideo",
    "flv": "video/x-flv",
    "gif": "image/gif",
    "jpg": "image/jpeg",
    "json": "application/json",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "ogg": "video/ogg",
    "ogv": "video/ogg",
    "qt": "video/quicktime",
    "ts": "video/mp2t",
    "webm": "video/webm",
    "wmv": "video/x-ms-wmv",
}


def type_of(key: str) -> str:
    """The content type of a key by its extension."""
    return _CONTENT_TYPES.get(PurePosixPath(key).suffix[1:], BINARY)
