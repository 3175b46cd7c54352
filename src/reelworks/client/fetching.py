"""Fetches a result into a file: whole or not at all, over as many connections as it takes."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from itertools import chain, count
from pathlib import Path, PurePath
from typing import BinaryIO

import httpx

from reelworks.client.answers import good, reaching, shown
from reelworks.client.form import Progress
from reelworks.client.patience import Patience
from reelworks.errors import ServiceError

_PIECE_BYTES = 1 << 20
_NAMELESS = "result"
# With a number between them, a name is never longer than the 255 bytes that a folder takes.
_STEM_BYTES, _SUFFIX_BYTES = 200, 20
# Persian and Hindi words are spelt with them, and emoji put together.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


@dataclass
class Fetch:
    """One result on its way into a file.

    Attributes:
        to: where it goes; a folder where it keeps its name, beside whatever has that name.
        name: its name in a folder; as the service tells it where it is None.
    """

    http: httpx.AsyncClient
    url: str
    to: Path
    name: str | None
    on_progress: Progress | None
    _received: int = 0
    _size: int | None = None
    _etag: str | None = None
    _begun: bool = False

    async def run(self, patience: Patience) -> Path:
        """Fetch it. Returns the path of the file.

        Raises:
            NotFound: it is not there, or not yet.
            ServiceError: the service does not answer, and the patience is at its end.
            OSError: it cannot be written.
        """
        if self.to.exists() and not (self.to.is_dir() or self.to.is_file()):
            # A device, a pipe: the file would take its place.
            raise OSError(errno.EINVAL, "This is no ordinary file; name another", str(self.to))
        folder = self.to if self.to.is_dir() else self.to.parent
        draft = folder / f".reelworks-{secrets.token_hex(8)}.part"
        opened = self._opened(draft)
        try:
            with opened as file:
                await self._receive(file, patience)
                await asyncio.to_thread(_settle, file)
            return self._publish(draft)
        finally:
            draft.unlink(missing_ok=True)

    def _opened(self, draft: Path) -> BinaryIO:
        """A new file. Where it cannot be had, the place that was named cannot."""
        try:
            return draft.open("xb")
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.to)) from error

    async def _receive(self, file: BinaryIO, patience: Patience) -> None:
        while True:
            before = self._received
            try:
                return await self._receive_more(file)
            except ServiceError as error:
                if not self._begun:
                    raise  # what was never there cannot come back
                if self._received > before:
                    patience.succeeded()
                await patience.wait(error)

    async def _receive_more(self, file: BinaryIO) -> None:
        """Receive what is missing, over one connection."""
        request = self.http.build_request("GET", self.url, headers=self._headers())
        with reaching(self.http.base_url):
            response = await self.http.send(request, stream=True)
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._etag = None  # it broke off behind the last byte; from the start, then
            await response.aclose()
            raise ServiceError(f"{shown(response.url)} has no more than was received.")
        async with good(response):
            self._begin(response, file)
            with reaching(self.http.base_url):
                async for piece in response.aiter_raw(_PIECE_BYTES):
                    await asyncio.to_thread(file.write, piece)
                    self._advance(len(piece))

    def _headers(self) -> dict[str, str]:
        """Ask for what is missing, if it is still the same file."""
        headers = {"accept-encoding": "identity"}
        if self._received and self._etag is not None:
            headers |= {"range": f"bytes={self._received}-", "if-range": self._etag}
        return headers

    def _begin(self, response: httpx.Response, file: BinaryIO) -> None:
        """Go to where this response goes on in the file: mostly at its end, else at its start."""
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            self._received = 0
            self._size = _length(response)
        elif not response.headers.get("content-range", "").startswith(f"bytes {self._received}-"):
            self._etag = None  # from the start, then
            raise ServiceError(f"{shown(response.url)} was answered with another range.")
        file.seek(self._received)
        file.truncate()
        self._etag = _strong(response.headers.get("etag"))
        self.name = self.name or _told_name(response)
        self._begun = True

    def _advance(self, length: int) -> None:
        self._received += length
        if self.on_progress is not None:
            self.on_progress(self._received, self._size)

    def _publish(self, draft: Path) -> Path:
        target = self.to
        if target.is_dir():
            target = _free(target / plain_name(self.name or "", otherwise=_NAMELESS))
        draft.replace(target)
        return target


def _settle(file: BinaryIO) -> None:
    """What is written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _length(response: httpx.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def _strong(etag: str | None) -> str | None:
    """An ETag that stands for the very bytes; a weak one does not."""
    return None if etag is None or etag.startswith("W/") else etag


def _told_name(response: httpx.Response) -> str | None:
    """The file name that a response has, in either of its two forms."""
    header = Message()
    header["content-disposition"] = response.headers.get("content-disposition", "")
    params = header.get_params(header="content-disposition") or []
    names = [value for key, value in params if key == "filename"]
    # A name that is not plain ASCII is there as well, as (charset, language, name).
    extended = [collapse_rfc2231_value(value) for value in names if isinstance(value, tuple)]
    return next(iter(extended + [value for value in names if isinstance(value, str)]), None)


def is_plain(letter: str) -> bool:
    """Whether a letter of a name that a stranger gave does nothing but show."""
    return letter.isprintable() or letter in _JOINERS


def printable(text: str) -> str:
    """A name that a stranger gave, without what would steer a terminal."""
    return "".join(letter if is_plain(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def plain_name(name: str, otherwise: str) -> str:
    """A name that stays in its folder, whatever it was sent as."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if is_plain(letter)).strip()
    if kept in ("", ".", ".."):
        return otherwise
    suffix = PurePath(kept).suffix.encode()[:_SUFFIX_BYTES].decode(errors="ignore")
    stem = kept.removesuffix(PurePath(kept).suffix).encode()[:_STEM_BYTES].decode(errors="ignore")
    return stem + suffix


def _free(path: Path) -> Path:
    """A path that nothing has: this one, or the same with a number."""
    numbered = (path.with_stem(f"{path.stem} ({number})") for number in count(2))
    return next(each for each in chain([path], numbered) if not os.path.lexists(each))
