"""The page at ``/``, and the files that it is made of.

All files but the page itself lie under a path that names their content, so a browser may keep
them for good; the page is asked for each time, and mostly answered by 304.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reelworks.api.problems import problem

router = APIRouter(include_in_schema=False)

_CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Everything is from here, and no text becomes markup or code: file names are hostile.
# Sockets of the own host are 'self' in every browser since 2022.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the page, ready to be sent."""

    content_type: str
    body: bytes
    packed: bytes
    etag: str

    @classmethod
    def of(cls, name: str, body: bytes) -> _File:
        return cls(
            content_type=_CONTENT_TYPES[PurePosixPath(name).suffix],
            body=body,
            packed=gzip.compress(body, 9, mtime=0),
            etag=f'"{_digest(body)}"',
        )

    def answer(self, request: Request, caching: dict[str, str]) -> Response:
        """The file, packed where the client can unpack it; 304 where it has the file already."""
        headers = _HEADERS | caching | {"etag": f"W/{self.etag}"}
        known = request.headers.get("if-none-match", "").split(",")
        if self.etag in {tag.strip().removeprefix("W/") for tag in known}:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return Response(self.body, headers=headers, media_type=self.content_type)
        headers["content-encoding"] = "gzip"
        return Response(self.packed, headers=headers, media_type=self.content_type)


@router.get("/")
async def page(request: Request) -> Response:
    """What is here, for a person who looks."""
    return _PAGE.answer(request, {})


@router.get("/assets/{digest}/{name:path}")
async def asset(digest: str, name: str, request: Request) -> Response:
    """A file of the page, as it is in this version."""
    found = _ASSETS.get(name) if digest == _DIGEST else None
    if found is None:
        return problem(404, "There is no such file; load the page again.")
    return found.answer(request, _FOR_GOOD)


def _read(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _read(entry, f"{name}/")
        elif PurePosixPath(name).suffix in _CONTENT_TYPES:
            yield name, entry.read_bytes()


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


def _written(template: bytes) -> bytes:
    """The page with the assets' real path; all modules are asked for at once, not in turns."""
    modules = "\n".join(
        f'<link rel="modulepreload" href="assets/{name}">' for name in _ASSETS if "js/" in name
    )
    text = template.decode().replace("<!-- modules -->", modules)
    return text.replace('"assets/', f'"assets/{_DIGEST}/').encode()


_FILES = dict(_read(files("reelworks").joinpath("web")))
_TEMPLATE = _FILES.pop("index.html")
_DIGEST = _digest(b"".join(f"{name}\0".encode() + body for name, body in _FILES.items()))
_ASSETS = {name: _File.of(name, body) for name, body in _FILES.items()}
_PAGE = _File.of("index.html", _written(_TEMPLATE))
