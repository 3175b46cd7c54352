"""Reads a multipart/form-data request as it arrives, a piece at a time.

The framework's own reader writes an upload to a temporary file before a handler sees it; this one
hands each piece on, so that the bytes are written once and memory stays flat.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from reelworks.errors import BadRequest

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks


@dataclass(frozen=True, slots=True)
class PartBegin:
    """A part begins.

    Attributes:
        name: of the form field.
        filename: None where the part is an ordinary field.
        content_type: as declared, lower case, without parameters; None where it is not.
    """

    name: str
    filename: str | None
    content_type: str | None


@dataclass(frozen=True, slots=True)
class PartData:
    """Some bytes of the part that began last."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnd:
    """The part that began last is complete."""


Event = PartBegin | PartData | PartEnd

# Who sets the header by hand overwrites the one that fits the body.
_BY_HAND = "do not set it by hand, leave it to what makes the form."


async def read_multipart(content_type: str, body: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """The parts of a request body, in order, as they arrive.

    Raises:
        BadRequest: it is no multipart/form-data, is malformed, or ends too early.
    """
    parser = Parser(content_type)
    async for piece in body:
        for event in parser.feed(piece):
            yield event
    parser.finish()


class Parser:
    """Turns pieces of a body, cut anywhere, into events. Does no input or output."""

    def __init__(self, content_type: str) -> None:
        kind, options = parse_options_header(content_type)
        if kind != b"multipart/form-data":
            raise BadRequest(
                "The request is not multipart/form-data; send the video as the form field 'file'."
            )
        boundary = options.get(b"boundary")
        if not boundary:
            raise BadRequest(f"The Content-Type header names no boundary; {_BY_HAND}")
        self._events: list[Event] = []
        self._headers = _Headers()
        self._begun = self._ended = False
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError as error:
            raise _malformed(error) from error

    def _callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._on_part_begin,
            "on_header_field": self._headers.on_name,
            "on_header_value": self._headers.on_value,
            "on_header_end": self._headers.on_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_end": self._on_end,
        }

    def feed(self, piece: bytes) -> Iterator[Event]:
        """The events that a piece completes."""
        try:
            self._parser.write(piece)
        except FormParserError as error:
            if not self._begun:
                raise BadRequest(
                    "The multipart body does not begin with the boundary that the Content-Type "
                    f"header names; {_BY_HAND}"
                ) from error
            raise _malformed(error) from error
        events, self._events = self._events, []
        return iter(events)

    def finish(self) -> None:
        """The body is over. Raises BadRequest where its last boundary has not come."""
        if not self._ended:
            raise BadRequest("The multipart body ends before its last boundary; send it again.")

    def _on_part_begin(self) -> None:
        self._begun = True
        self._headers.clear()

    def _on_headers_finished(self) -> None:
        self._events.append(self._headers.part())

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._events.append(PartData(data[start:end]))

    def _on_part_end(self) -> None:
        self._events.append(PartEnd())

    def _on_end(self) -> None:
        self._ended = True


@dataclass(slots=True)
class _Headers:
    """The headers of a part, collected from pieces; the parser bounds their number and size."""

    found: dict[bytes, bytes] = field(default_factory=dict)
    name: bytes = b""
    value: bytes = b""

    def clear(self) -> None:
        self.found = {}

    def on_name(self, data: bytes, start: int, end: int) -> None:
        self.name += data[start:end]

    def on_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_end(self) -> None:
        self.found[self.name.lower()] = self.value
        self.name = self.value = b""

    def part(self) -> PartBegin:
        disposition = self.found.get(b"content-disposition", b"")
        _, options = parse_options_header(disposition)
        if b"name" not in options:
            raise BadRequest("A part of the multipart body has no name.")
        if self.found.get(b"content-transfer-encoding", b"").lower() == b"base64":
            # Nobody has to read it (RFC 7578, section 4.7), and it would pass for a text.
            raise BadRequest("A part of the form is encoded as base64; send its bytes as they are.")
        filename = _extended_filename(disposition) or _plain_filename(options)
        kind, _ = parse_options_header(self.found.get(b"content-type", b""))
        return PartBegin(
            name=options[b"name"].decode(errors="replace"),
            filename=None if filename is None else filename.decode(errors="replace"),
            content_type=kind.decode("latin-1").lower() or None,
        )


_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_EXTENDED = re.compile(rb";\s*filename\*\s*=\s*utf-8'[^']*'([^\s;]+)", re.IGNORECASE)


def _extended_filename(disposition: bytes) -> bytes | None:
    """The name as RFC 8187 spells it. RFC 7578 forbids it in forms, and .NET sends it all the same,
    beside a plain one that is encoded like mail."""
    # A plain name may hold what looks like it.
    found = _EXTENDED.search(_QUOTED.sub(b"", disposition))
    return unquote_to_bytes(found[1]) if found else None


# What would end a quoted name or its line, as browsers, fetch and curl write it in forms: these
# three alone, and a "%" as it is (HTML Standard, "multipart/form-data").
_ESCAPED = {b"%22": b'"', b"%0D": b"\r", b"%0A": b"\n"}


def _plain_filename(options: Mapping[bytes, bytes]) -> bytes | None:
    filename = options.get(b"filename")
    if filename is not None:
        for escape, letter in _ESCAPED.items():
            filename = filename.replace(escape, letter)
    return filename


def _malformed(error: FormParserError) -> BadRequest:
    return BadRequest(f"The multipart body is malformed: {error}.")
