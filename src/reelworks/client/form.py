"""An upload as ``multipart/form-data``, made piece by piece while it is sent."""

from __future__ import annotations

import mimetypes
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import TextIOBase
from pathlib import PurePath
from typing import BinaryIO
from urllib.parse import quote

from reelworks.client.aside import aside
from reelworks.errors import BadRequest

Progress = Callable[[int, int | None], None]
"""Told how many bytes are done, and of how many; None where nobody knows."""

_READ_BYTES = 1 << 20
# Each piece has its own time to be sent: a slow line takes long for a megabyte.
_PIECE_BYTES = 64 << 10


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form whose last field is a file.

    Attributes:
        fields: text fields. They come first: what is wrong with them is said before the file is
            sent.
        file: read from where it stands to its end, never held whole.
        size: how many bytes that is; None where nobody knows.
    """

    fields: Mapping[str, str]
    filename: str
    content_type: str
    file: BinaryIO
    size: int | None
    _boundary: str = field(default_factory=lambda: secrets.token_hex(16))

    def headers(self) -> dict[str, str]:
        """The headers of the request."""
        headers = {"content-type": f"multipart/form-data; boundary={self._boundary}"}
        if self.size is not None:
            length = len(self._head()) + self.size + len(self._tail())
            headers["content-length"] = str(length)
        return headers

    async def body(self, on_progress: Progress | None) -> AsyncIterator[bytes]:
        """The body of the request."""
        yield self._head()
        sent = 0
        while read := await aside(partial(self.file.read, self._next(sent))):
            for start in range(0, len(read), _PIECE_BYTES):
                piece = read[start : start + _PIECE_BYTES]
                yield piece
                sent += len(piece)
                if on_progress is not None:
                    on_progress(sent, self.size)
        if self.size is not None and sent < self.size:
            raise BadRequest(f"{self.filename} became shorter while it was sent; send it again.")
        yield self._tail()

    def _next(self, sent: int) -> int:
        """A file that grows is sent as long as it was when its size was told."""
        return _READ_BYTES if self.size is None else min(_READ_BYTES, self.size - sent)

    def _head(self) -> bytes:
        parts = [
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
            for name, text in self.fields.items()
        ]
        parts.append(
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="file"; {_named(self.filename)}\r\n'
            f"Content-Type: {self.content_type}\r\n\r\n"
        )
        # A name that is not text on this system is sent as the bytes that it is.
        return "".join(parts).encode(errors="surrogateescape")

    def _tail(self) -> bytes:
        return f"\r\n--{self._boundary}--\r\n".encode()


def video_type(filename: str) -> str:
    """What to declare a file as: its video type where its name tells one, else nothing certain.

    Names do not tell what a file is; the service looks into it.
    """
    guessed, encoding = mimetypes.guess_type(PurePath(filename).name)
    is_video = guessed is not None and guessed.startswith("video/") and encoding is None
    return guessed if is_video and guessed else "application/octet-stream"


def require_bytes(source: object) -> None:
    """Raises TypeError for what is no file of bytes: it would break off half-way, if at all."""
    if isinstance(source, TextIOBase) or not hasattr(source, "read"):
        raise TypeError(
            "source must be a path, or a file that is opened for bytes, as by open(path, 'rb'); "
            f"it is {type(source).__name__}."
        )


def length_of(file: BinaryIO) -> int | None:
    """How many bytes are left of a file; None for what has no length, such as a pipe."""
    if not file.seekable():
        return None
    here = file.tell()
    end = file.seek(0, os.SEEK_END)
    file.seek(here)
    return max(0, end - here)


def _named(filename: str) -> str:
    """A file name as a form has it; line ends as browsers write them."""
    escaped = filename.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\r", "%0D").replace("\n", "%0A")
    # What a name itself has of such writing is not to be undone: it is told in the other form, too.
    exact = quote(filename.encode(errors="surrogateescape"))
    extended = f"; filename*=UTF-8''{exact}" if "%" in filename else ""
    return f'filename="{escaped}"{extended}'
