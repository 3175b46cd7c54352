"""A bucket of an S3 server, or a prefix in it. The only file that knows obstore.

What is known of servers that differ from Amazon's is in here, too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from reelworks.errors import NotFound, SettingsError, StorageError
from reelworks.storage.content import type_of
from reelworks.storage.store import Replaced, Stat, parts_of

if TYPE_CHECKING:  # its types are not there at run time
    from obstore.store import ClientConfig, RetryConfig

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# Where a machine in the cloud asks for its own key: who has none asks there.
_METADATA = "169.254.169.254"
# A request is signed with the time, and old ones are not taken.
_SKEWED = "RequestTimeTooSkewed"
# Keys that last for a while only. An answer to HEAD has no code, and is 400 then.
_EXPIRED = re.compile(r"<Code>\w*(Expired|Token)\w*</Code>")
# How Amazon's says that a bucket with Object Lock takes nothing without a checksum.
_UNSUMMED = "Content-MD5 OR x-amz-checksum-"
_FULL = re.compile(r"<Code>\w*(Quota|StorageFull|InsufficientStorage|NoSpace)\w*</Code>")
# How Amazon's says so, and the library where it is sent elsewhere without a word.
_ELSEWHERE = ("AuthorizationHeaderMalformed", "incorrectly configured region")
# What the library did not like about a certificate, and what that means.
_UNTRUSTED = re.compile(r"InvalidCertificate\(\s*(?:Other\(\s*OtherError\(\s*)?([A-Za-z]+)")
_WHY_UNTRUSTED = {
    "UnknownIssuer": "nobody who is trusted vouches for it",
    "CaUsedAsEndEntity": "it is one of an authority, as openssl makes them without CA:FALSE",
    "NotValidForName": "it is for another name than is in AWS_ENDPOINT_URL",
    "NotValidYet": "it is not valid yet, by this machine's clock",
    "Expired": "it has expired, by this machine's clock",
}
_NO_TLS = "InvalidContentType"
_STATUS = re.compile(r"status code: (\d+ [A-Za-z ]+)")

# A server that says nothing for so long is taken for dead, and asked again.
_SILENCE = timedelta(seconds=30)
# While something is sent to it, it says nothing: it is given what a slow line takes, on top.
_SLOWEST_BYTES_A_SECOND = 32 << 10
_CONNECT = timedelta(seconds=5)
# The whole of a request has no end of its own: a client may fetch a long film slowly.
_WHOLE = timedelta(days=7)
_GLANCE = timedelta(seconds=3)

_PART_BYTES = 8 << 20
_MAX_PARTS = 10_000
_PARTS_AT_ONCE = 2
_PIECE_BYTES = 256 << 10
_MAX_KEY_BYTES = 1024


class PartsLost(StorageError):
    """The server does not know the parts any more that it was sent; all must be sent again."""


class Bucket:
    """Keys and their bytes. Every call raises StorageError where the server does not answer."""

    def __init__(self, url: str, *, patience: timedelta, largest_bytes: int = 0) -> None:
        """Args:
        url: ``s3://bucket/prefix``; where it is and who asks is said by the usual variables.
        patience: for how long a server that is away is asked again.
        largest_bytes: the longest file whose length is not known when it begins to be sent.

        Raises:
            SettingsError: the URL or a variable is wrong.
        """
        name, self._prefix = _parsed(url)
        _check_endpoint()
        self.url = f"s3://{name}/{self._prefix}".rstrip("/")
        self._part_bytes = _part_bytes(largest_bytes)
        self._store = self._open(name, _SILENCE, patience)
        sending = timedelta(seconds=self._part_bytes / _SLOWEST_BYTES_A_SECOND)
        self._sending = self._open(name, _SILENCE + sending, patience)
        self._glancing = self._open(name, _GLANCE, timedelta(0))
        self._has_ranges = True

    def _open(self, name: str, silence: timedelta, patience: timedelta) -> S3Store:
        client: ClientConfig = {
            "allow_http": True,
            "connect_timeout": min(silence, _CONNECT),
            "read_timeout": silence,
            "timeout": _WHOLE,
        }
        if authorities := _authorities():
            client["root_certificate"] = authorities
        retry: RetryConfig = {
            "max_retries": 100 if patience else 0,
            "retry_timeout": patience,
            "backoff": {
                "init_backoff": timedelta(milliseconds=100),
                "max_backoff": timedelta(seconds=5),
                "base": 2,
            },
        }
        try:
            return S3Store(
                name, prefix=self._prefix or None, client_options=client, retry_config=retry
            )
        except (BaseError, ValueError) as error:
            raise SettingsError(
                f"The object store {self.url} cannot be used: {_said(error)}; mend the variable."
            ) from error

    def stat(self, key: str) -> Stat:
        """What is known of a key's bytes. Raises NotFound."""
        return self._head(self._store, key)

    def _head(self, store: S3Store, key: str) -> Stat:
        with self._explained(key):
            return _stat(obstore.head(store, key))

    def read(self, key: str) -> bytes:
        """The bytes of a small file. Raises NotFound."""
        with self._explained(key):
            return obstore.get(self._store, key).bytes().to_bytes()

    def stream(self, key: str, stat: Stat, start: int, stop: int) -> Iterator[bytes]:
        """A key's bytes in pieces; reading has begun on return. Raises NotFound, Replaced."""
        with self._explained(key):
            result, skipped = self._get(key, start, stop, stat.size_bytes)
            # By what came with the bytes: not every server heeds a condition.
            if not _stat(result.meta).is_of_the_same_bytes(stat):
                raise Replaced("The file was replaced while it was read; ask for it again.")
            pieces = result.stream(min_chunk_size=_PIECE_BYTES)
        return self._cut(key, pieces, start - skipped, stop - skipped)

    def _get(self, key: str, start: int, stop: int, size: int) -> tuple[obstore.GetResult, int]:
        """An answer with a range of a key's bytes, and where it begins."""
        if self._has_ranges and (start, stop) != (0, size):
            try:
                return obstore.get(self._store, key, options={"range": (start, stop)}), start
            except BaseError as error:
                if "non-partial response" not in str(error):
                    raise
                # A server need not know ranges, and some do and do not say so.
                self._has_ranges = False
        return obstore.get(self._store, key), 0

    def _cut(self, key: str, pieces: obstore.BytesStream, start: int, stop: int) -> Iterator[bytes]:
        """What of an answer was asked for."""
        at = 0
        with self._explained(key):
            for piece in pieces:
                wanted = bytes(piece)[max(0, start - at) : max(0, stop - at)]
                at += len(piece)
                if wanted:
                    yield wanted
                if at >= stop:
                    return
        if at < stop:
            raise self._ended()

    def put(self, key: str, data: bytes) -> None:
        """Write a small file."""
        with self._taking(key):
            obstore.put(self._store, key, data, attributes={"Content-Type": type_of(key)})

    def send(self, key: str, path: Path) -> str | None:
        """Put a file under a key, whole, replacing what was there. Returns its etag if known."""
        for _ in range(2):
            try:
                return self._send(key, path, path.stat().st_size)
            except PartsLost:  # it forgot them when it was started anew, or is done with them
                continue
        return self._send(key, path, path.stat().st_size)

    def send_pieces(self, key: str, pieces: Iterator[bytes]) -> None:
        """Put what comes under a key once all of it came. Nothing is left if ``pieces`` raises."""
        sent = 0

        def counted() -> Iterator[bytes]:
            nonlocal sent
            for piece in pieces:
                sent += len(piece)
                yield piece

        self._put_parts(key, counted(), self._part_bytes, lambda: sent)

    def _send(self, key: str, path: Path, size: int) -> str | None:
        part_bytes = max(self._part_bytes, _part_bytes(size))
        if size > part_bytes:
            return self._put_parts(key, path, part_bytes, lambda: size)
        with self._taking(key):
            return self._put(key, path, part_bytes)

    def _put_parts(
        self, key: str, what: Path | Iterator[bytes], part_bytes: int, size: Callable[[], int]
    ) -> str | None:
        """Put in several requests. The last one may be done and its answer lost on the way; a
        server that is asked for it again need not know the parts any more."""
        before = self._found(self._store, key)
        try:
            with self._taking(key):
                return self._put(key, what, part_bytes)
        except StorageError as error:
            try:
                now = self._found(self._glancing, key)
            except StorageError:
                raise error from None
            if now is None or now == before or now.size_bytes != size():
                raise
            return now.etag

    def _found(self, store: S3Store, key: str) -> Stat | None:
        try:
            return self._head(store, key)
        except NotFound:
            return None

    def _put(self, key: str, what: Path | Iterator[bytes], part_bytes: int) -> str | None:
        result = obstore.put(
            self._sending,
            key,
            what,
            attributes={"Content-Type": type_of(key)},
            chunk_size=part_bytes,
            max_concurrency=_PARTS_AT_ONCE,
        )
        return result["e_tag"]

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Every key below a folder, and since when it has its bytes."""
        with self._explained(prefix):
            for batch in obstore.list(self._store, prefix):
                yield from ((each["path"], each["last_modified"]) for each in batch)

    def delete(self, *keys: str) -> None:
        """Remove keys; nothing happens for those that are not there."""
        with self._explained(*keys):
            obstore.delete(self._store, keys[0] if len(keys) == 1 else list(keys))

    def sign(self, key: str, method: str, lifetime: timedelta) -> str:
        """A URL under which anybody may send one method for a while."""
        with self._explained(key):
            return obstore.sign(self._store, "HEAD" if method == "HEAD" else "GET", key, lifetime)

    def glance(self) -> None:
        """Raises StorageError where the server does not answer within a few seconds."""
        with self._explained():
            obstore.list_with_delimiter(self._glancing, ".glance")

    @contextmanager
    def _explained(self, *keys: str) -> Iterator[None]:
        """Errors of the library in our words. A key that no store can hold is not there."""
        for key in keys:
            parts_of(key)
            if len(f"{self._prefix}/{key}".encode()) > _MAX_KEY_BYTES:
                raise NotFound("There is no such file.")
        try:
            yield
        except FileNotFoundError as error:
            raise self._missing(error) from error
        except ValueError as error:  # how the library says that it cannot write such a key down
            raise NotFound("There is no such file.") from error
        except BaseError as error:
            raise self._failure(error) from error

    @contextmanager
    def _taking(self, key: str) -> Iterator[None]:
        """As above, where something is put: nothing can be missing there but the store itself."""
        try:
            with self._explained(key):
                yield
        except NotFound as error:
            raise StorageError(
                f"What answers for {self.url} is no object store, or not its bucket: it takes no "
                "files; mend AWS_ENDPOINT_URL."
            ) from error

    def _missing(self, error: FileNotFoundError) -> Exception:
        if "NoSuchUpload" in str(error):
            return PartsLost(f"The object store {self.url} lost a part of a file; try again.")
        if "NoSuchBucket" in str(error):
            return self._no_bucket()
        return NotFound("There is no such file.")

    def _failure(self, error: BaseError) -> StorageError:
        said = str(error)
        if "NoSuchBucket" in said:
            return self._no_bucket()
        if _SKEWED in said:
            return StorageError(
                f"The object store {self.url} refuses: its clock and this machine's are "
                "apart; set the one that is wrong."
            )
        if any(sign in said for sign in _ELSEWHERE):
            return StorageError(
                f"The object store {self.url} refuses: the bucket is in another region; "
                "set AWS_REGION to that."
            )
        if _UNSUMMED in said:
            return StorageError(
                f"The object store {self.url} refuses: a bucket with Object Lock takes nothing "
                "without a checksum; set AWS_CHECKSUM_ALGORITHM to SHA256."
            )
        if _FULL.search(said):
            return StorageError(
                f"The object store {self.url} has no room left: {_said(error)}; "
                "make some, or let it have more."
            )
        if _is_refused(said) and _METADATA not in said:
            return StorageError(
                f"The object store {self.url} refuses: {_said(error)}; "
                "look at AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, at AWS_SESSION_TOKEN where "
                "it is set, which expires, and at what they may do."
            )
        if _METADATA in said:
            return StorageError(
                f"The object store {self.url} cannot be asked without a key; "
                "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            )
        if "error sending request" in said:
            return self._unreached(said)
        if "response body error" in said:
            return self._ended()
        return StorageError(f"The object store {self.url} failed: {_said(error)}; try again.")

    def _unreached(self, said: str) -> StorageError:
        if untrusted := _UNTRUSTED.search(said):
            code = untrusted[1].removesuffix("Context")
            return StorageError(
                f"The object store {self.url} shows a certificate that is not trusted: "
                f"{_WHY_UNTRUSTED.get(code, code)}; mend it, or name in AWS_CA_BUNDLE who vouches "
                "for it."
            )
        if _NO_TLS in said:
            return StorageError(
                f"The object store {self.url} does not speak TLS; "
                "let AWS_ENDPOINT_URL begin with http://."
            )
        return StorageError(f"The object store {self.url} does not answer; start it, {_way()}.")

    def _ended(self) -> StorageError:
        return StorageError(f"The object store {self.url} ended a file too soon; try again.")

    def _no_bucket(self) -> StorageError:
        return StorageError(
            f"The object store has no bucket for {self.url}; create it, or mend the URL."
        )


def _parsed(url: str) -> tuple[str, str]:
    """A bucket's name and a prefix. Raises SettingsError."""
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    try:
        is_good = parts.scheme == "s3" and _BUCKET.fullmatch(parts.netloc) is not None
        is_good = is_good and not (parts.query or parts.fragment)
        if prefix:
            parts_of(prefix)
    except NotFound:
        is_good = False
    if not is_good:
        raise SettingsError(
            f"The storage URL {url} is not understood; it looks like s3://bucket/prefix."
        )
    return parts.netloc, prefix


def _check_endpoint() -> None:
    """The library panics where an endpoint is not a URL."""
    for name in _ENDPOINTS:
        value = os.environ.get(name)
        if value is not None and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
            raise SettingsError(f"{name} is wrong: it looks like http://host:9000.")


def _authorities() -> bytes | None:
    """Who vouches for servers, beside those that the library trusts. Raises SettingsError."""
    path = os.environ.get("AWS_CA_BUNDLE")
    try:
        return Path(path).read_bytes() if path else None
    except OSError as error:
        raise SettingsError(f"AWS_CA_BUNDLE cannot be read: {path}: {error.strerror}.") from error


def _part_bytes(size_bytes: int) -> int:
    """How long the parts of a file are at least: there may not be too many of them."""
    return max(_PART_BYTES, -(-size_bytes // _MAX_PARTS))


def _stat(meta: obstore.ObjectMeta) -> Stat:
    modified, size = meta["last_modified"], meta["size"]
    etag = meta["e_tag"] or f'"{modified.timestamp():.0f}-{size:x}"'
    return Stat(size_bytes=size, etag=etag, modified=modified)


def _is_refused(said: str) -> bool:
    """Whether a server does not want to do anything with this key."""
    if "status code: 400" in said:
        return "<Code>" not in said or _EXPIRED.search(said) is not None
    return re.search("status code: 40[13]", said) is not None


def _way() -> str:
    """What may be wrong with the way to a server."""
    if getproxies().keys() & {"http", "https", "all"}:
        return (
            "mend AWS_ENDPOINT_URL, or look at the proxy in the environment: "
            "NO_PROXY names servers that are asked without it"
        )
    return "or mend AWS_ENDPOINT_URL"


def _said(error: Exception) -> str:
    """What there is to know of an error, in a few words."""
    text = str(error)
    if code := re.search(r"<Code>(\w+)</Code>", text):
        return code[1]
    if status := _STATUS.search(text):
        return status[1].strip()
    return text.splitlines()[0].removeprefix("Generic S3 error: ").rstrip(".")
