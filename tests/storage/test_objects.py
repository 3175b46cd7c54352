"""Files in a bucket: what is not the same as on a local disk."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelworks.errors import SettingsError, StorageError
from reelworks.storage import bucket
from reelworks.storage import objects as module
from reelworks.storage.bucket import Bucket
from reelworks.storage.objects import ObjectStorage
from reelworks.storage.store import try_out
from tests.buckets import BucketServer, S3Server, SeaweedServer
from tests.storage.conftest import know, open_objects
from tests.waiting import wait_for

LONG = os.urandom(20 << 20)
KEY = "uploads/id"


def put(storage: ObjectStorage, key: str, data: bytes) -> None:
    with storage.scratch("worker") as folder:
        (folder / "draft").write_bytes(data)
        storage.publish(folder / "draft", key)


def send_in(storage: ObjectStorage, key: str, data: bytes, *, settle: bool = True) -> None:
    incoming = storage.incoming(key)
    incoming.write(data)
    incoming.keep()
    if settle:
        incoming.settle()
    incoming.close()


# Uploads are sent on while they arrive


def test_an_upload_is_on_its_way_before_it_is_whole(
    objects: ObjectStorage, s3: S3Server, url: str
) -> None:
    incoming = objects.incoming(KEY)
    incoming.write(LONG[: 17 << 20])
    wait_for(lambda: s3.files(url), "parts to get there")
    assert not objects.exists(KEY)
    incoming.write(LONG[17 << 20 :])
    incoming.keep()
    assert s3.files(url) == {KEY, "arriving/id"}
    incoming.settle()
    incoming.close()
    assert s3.files(url) == {KEY}
    assert objects.read(KEY) == LONG


def test_a_server_that_restarts_under_an_upload_costs_it_nothing(
    objects: ObjectStorage, s3: S3Server, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    incoming = objects.incoming(KEY)
    incoming.write(LONG[: 17 << 20])
    wait_for(lambda: s3.files(url), "parts to get there")
    s3.kill()
    s3.start()
    incoming.write(LONG[17 << 20 :])
    incoming.keep()
    incoming.settle()
    incoming.close()
    assert objects.read(KEY) == LONG


def test_a_line_may_be_so_slow_that_the_server_says_nothing_for_long(
    objects: ObjectStorage,
    url: str,
    s3: S3Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that is stopped takes what is sent, and answers late: just as one far away."""
    monkeypatch.setattr(bucket, "_SILENCE", timedelta(seconds=0.2))
    storage = open_objects(url, tmp_path / "far", patience=0)
    s3.stop()
    threading.Timer(0.8, s3.go_on).start()
    put(storage, KEY, LONG[: 6 << 20])
    assert objects.read(KEY) == LONG[: 6 << 20]


def test_an_upload_that_cannot_be_kept_is_an_error_and_leaves_nothing(
    url: str, s3: S3Server, tmp_path: Path
) -> None:
    storage = open_objects(url, tmp_path / "data", patience=0.5)
    incoming = storage.incoming(KEY)
    incoming.write(LONG)
    s3.kill()
    try:
        with pytest.raises(StorageError, match="does not answer"):
            incoming.keep()
        incoming.discard()
        incoming.close()
        assert not list((tmp_path / "data" / "incoming").iterdir())
    finally:
        s3.start()
    assert not storage.exists(KEY)


def test_an_upload_that_nobody_wants_does_not_wait_for_a_server_that_says_nothing(
    objects: ObjectStorage, s3: S3Server
) -> None:
    incoming = objects.incoming(KEY)
    s3.stop()
    try:
        incoming.write(LONG)
        ending = threading.Thread(target=lambda: (incoming.discard(), incoming.close()))
        ending.start()
        ending.join(8)
        assert not ending.is_alive()
    finally:
        s3.go_on()
    ending.join()


# Sweeps


def test_a_sweep_takes_what_was_kept_and_forgotten_but_only_after_a_day(
    objects: ObjectStorage, s3: S3Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("known", "unknown"):
        send_in(objects, f"uploads/{name}", b"x", settle=False)
    send_in(objects, "uploads/settled", b"x")
    objects.sweep(is_known=lambda name: name == "known", owners=set)
    assert len(s3.files(url)) == 5
    pass_a_day(monkeypatch)
    objects.sweep(is_known=lambda name: name == "known", owners=set)
    # What was settled is not even asked about: these may not be the tables that know of it.
    assert s3.files(url) == {"uploads/known", "uploads/settled"}


def pass_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tomorrow(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=1, minutes=1)

    monkeypatch.setattr(module, "datetime", Tomorrow)


def test_a_machines_sweep_leaves_alone_what_others_have_under_way(
    url: str, s3: S3Server, tmp_path: Path
) -> None:
    here, there = (open_objects(url, tmp_path / name) for name in ("here", "there"))
    incoming = there.incoming(KEY)
    incoming.write(LONG)
    here.sweep(is_known=lambda _: False, owners=set)
    incoming.keep()
    here.sweep(is_known=lambda _: False, owners=set)
    incoming.settle()
    incoming.close()
    assert here.read(KEY) == LONG


# What is fetched


def count_bytes_sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much buckets have streamed since, in pieces."""
    sent: list[int] = []
    stream = Bucket.stream

    def counted(self, key, stat, start, stop):  # type: ignore[no-untyped-def]
        for piece in stream(self, key, stat, start, stop):
            sent.append(len(piece))
            yield piece

    monkeypatch.setattr(Bucket, "stream", counted)
    return sent


def test_an_input_is_fetched_once_for_a_machine(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_in(open_objects(url, tmp_path / "api"), KEY, LONG)
    sent = count_bytes_sent(monkeypatch)
    first, second = (open_objects(url, tmp_path / "worker") for _ in range(2))
    threads = [
        threading.Thread(target=fetch_whole, args=(storage,)) for storage in (first, second) * 2
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fetch_whole(first)
    assert sum(sent) == len(LONG)


def fetch_whole(storage: ObjectStorage) -> None:
    with storage.fetched(KEY) as path:
        assert path.read_bytes() == LONG


@pytest.mark.parametrize("server", ["s3", "seaweed"])
def test_what_was_published_here_is_not_fetched(
    server: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    known = know(request.getfixturevalue(server), monkeypatch)
    storage = open_objects(known.create(), tmp_path / "data")
    sent = count_bytes_sent(monkeypatch)
    data = LONG if isinstance(known, SeaweedServer) else LONG[: 1 << 20]
    put(storage, "chunks/x/1/0.mp4", data)
    with storage.fetched("chunks/x/1/0.mp4") as path:
        assert path.read_bytes() == data
    assert sent == []


def test_a_fetch_goes_on_when_the_server_was_away(
    objects: ObjectStorage, s3: S3Server, url: str, tmp_path: Path
) -> None:
    send_in(objects, KEY, LONG)
    stat = objects.stat(KEY)
    pieces = objects.stream(KEY, stat, 0, len(LONG))
    got = next(pieces)
    s3.kill()
    back = threading.Timer(0.5, s3.start)
    back.start()
    got += b"".join(pieces)
    back.join()
    assert got == LONG


def test_bytes_that_change_under_a_fetch_are_never_mixed(
    objects: ObjectStorage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Replaced between looking and fetching: it is fetched anew, and the old is not kept."""
    put(objects, "x", b"old")
    stat, replaced = objects.stat, threading.Event()

    def stat_and_replace(key: str):  # type: ignore[no-untyped-def]
        found = stat(key)
        if not replaced.is_set():
            replaced.set()
            objects._bucket.put("x", b"new")
        return found

    elsewhere = open_objects(objects._bucket.url, tmp_path / "elsewhere")
    monkeypatch.setattr(elsewhere, "stat", stat_and_replace)
    with elsewhere.fetched("x") as path:
        assert path.read_bytes() == b"new"


# Links


def test_a_link_gives_ranges_and_the_content_type_without_a_key(
    seaweed: SeaweedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = know(seaweed, monkeypatch).create()
    storage = open_objects(url, tmp_path / "data", links=True)
    put(storage, "processed_videos/enhanced_x.mkv", LONG)
    link = storage.link("processed_videos/enhanced_x.mkv", "GET")
    assert link is not None
    whole = httpx.get(link)
    assert (whole.status_code, whole.content) == (200, LONG)
    assert whole.headers["content-type"] == "video/x-matroska"
    part = httpx.get(link, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, LONG[10:20])
    head = httpx.head(storage.link("processed_videos/enhanced_x.mkv", "HEAD") or "")
    assert head.headers["content-length"] == str(len(LONG))
    assert httpx.get(link.replace("enhanced_x", "enhanced_y")).status_code == 403


def test_there_are_no_links_where_nobody_wants_them(objects: ObjectStorage) -> None:
    assert objects.link("x", "GET") is None


# Errors are one sentence


def assert_says(url: str, tmp_path: Path, said: str) -> None:
    storage = open_objects(url, tmp_path / "data", patience=0.5)
    for call in (
        storage.check,
        lambda: try_out(storage),
        lambda: put(storage, "x", b"x"),
        lambda: storage.delete_prefix("x"),
        lambda: storage.read("x"),
    ):
        with pytest.raises(StorageError, match=said) as caught:
            call()
        assert str(caught.value).endswith(".")
        assert "\n" not in str(caught.value)


def test_a_bucket_that_is_not_there_is_said_to_be(url: str, tmp_path: Path) -> None:
    elsewhere = "s3://elsewhere/prefix"
    assert_says(elsewhere, tmp_path, f"has no bucket for {elsewhere}; create it")


def test_a_key_that_is_refused_is_said_to_be(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    assert_says(url, tmp_path, "refuses: SignatureDoesNotMatch; look at AWS_ACCESS_KEY_ID")
    with pytest.raises(StorageError, match="refuses"):
        open_objects(url, tmp_path).stat("x")


class _Refusing(BaseHTTPRequestHandler):
    """Answers everything as Amazon's does that refuses, with a status and a code."""

    status, code, why = 403, "AccessDenied", ""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        said = f"<Error><Code>{self.code}</Code><Message>{self.why}</Message></Error>".encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(said)

    do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815  (the base class names them so)

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Locked(_Refusing):
    """A bucket with Object Lock, in Amazon's words."""

    status, code = 400, "InvalidRequest"
    why = (
        "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with "
        "Object Lock parameters"
    )

    def do_PUT(self) -> None:
        if "x-amz-checksum-sha256" not in self.headers:
            self.do_GET()
            return
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("etag", '"1"')
        self.send_header("content-length", "0")
        self.end_headers()


def test_a_bucket_that_wants_checksums_is_said_to_and_gets_them(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Locked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        assert_says(url, tmp_path, "without a checksum; set AWS_CHECKSUM_ALGORITHM to SHA256")
        monkeypatch.setenv("AWS_CHECKSUM_ALGORITHM", "SHA256")
        Bucket(url, patience=timedelta(0)).put("key", b"bytes")
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "RequestTimeTooSkewed", "refuses: its clock and this machine's are"),
        (400, "ExpiredToken", "refuses: ExpiredToken; look at .*AWS_SESSION_TOKEN"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region; set AWS_REGION"),
        (403, "QuotaExceeded", "has no room left: QuotaExceeded; make some"),
        (400, "EntityTooLarge", "failed: EntityTooLarge; try again"),
    ],
)
def test_what_a_server_refuses_is_said_to_be(
    status: int, code: str, said: str, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = type("_", (_Refusing,), {"status": status, "code": code})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        assert_says(url, tmp_path, said)
        if status == 400:  # an answer to HEAD has no code
            with pytest.raises(StorageError, match="refuses: 400 Bad Request; look at"):
                open_objects(url, tmp_path / "data", patience=0.5).stat("x")
        server.shutdown()


class _Losing(BaseHTTPRequestHandler):
    """A proxy that loses every answer to the last request of several that make a key."""

    protocol_version = "HTTP/1.1"
    real = ""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        far = HTTPConnection(self.real, timeout=20)
        far.request(self.command, self.path, body, dict(self.headers.items()))
        answer = far.getresponse()
        content = answer.read()
        far.close()
        if self.command == "POST" and "uploadId=" in self.path:
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(content)
        self.send_header("Content-Length", str(length or 0))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - the handler's names

    def log_message(self, *_: object) -> None:
        """Say nothing of each request."""


@pytest.mark.parametrize("kind", ["s3", "seaweed"])
def test_what_is_there_though_its_answer_was_lost_is_not_sent_for_ever(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = know(request.getfixturevalue(kind), monkeypatch)
    url = server.create()
    real = server.environment["AWS_ENDPOINT_URL"].removeprefix("http://")
    handler = type("_", (_Losing,), {"real": real})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.server_port}")
        storage = open_objects(url, tmp_path / "data", patience=1)
        send_in(storage, KEY, LONG)
        assert storage.read(KEY) == LONG
        for data in (LONG, LONG[::-1]):  # a later attempt has a result of the same length
            put(storage, "processed_videos/x.mp4", data)
            assert storage.read("processed_videos/x.mp4") == data
        proxy.shutdown()
    assert server.files(url) == {KEY, "processed_videos/x.mp4"}


def test_a_server_that_is_no_object_store_is_said_to_be(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = type("_", (_Refusing,), {"status": 404, "code": "NothingHere"})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(StorageError, match=r"is no object store, .*; mend AWS_ENDPOINT_URL"):
            try_out(open_objects(url, tmp_path / "data", patience=0.5))
        server.shutdown()


def test_a_proxy_that_is_in_the_way_is_named(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert_says(url, tmp_path, "does not answer; .*or look at the proxy in the environment")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try_out(open_objects(url, tmp_path / "data"))


def test_a_server_that_is_not_there_is_said_to_be(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert_says(url, tmp_path, "does not answer; start it, or mend AWS_ENDPOINT_URL")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with certificates that vouch for themselves, each with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("certificates")
    for name, address, kind in (
        ("good", "IP:127.0.0.1", "FALSE"),
        ("misnamed", "DNS:example.org", "FALSE"),
        ("authority", "IP:127.0.0.1", "TRUE"),
    ):
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", f"/CN={name}", "-addext", f"subjectAltName={address}"),
                *("-addext", f"basicConstraints=critical,CA:{kind}"),
                *("-out", folder / name, "-keyout", folder / f"{name}.key"),
            ],
            check=True,
            capture_output=True,
        )
    return folder


@contextmanager
def _guarded(server: ThreadingHTTPServer, certificate: Path) -> Iterator[None]:
    """Have it speak TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()


@pytest.mark.parametrize(
    ("shown", "trusted", "said"),
    [
        ("good", None, "not trusted: nobody who is trusted vouches for it; .* AWS_CA_BUNDLE"),
        ("misnamed", "misnamed", "not trusted: it is for another name than is in AWS_ENDPOINT"),
        ("authority", "authority", "not trusted: it is one of an authority, .* without CA:FALSE"),
        ("good", "good", "refuses: AccessDenied"),
    ],
)
def test_what_is_wrong_with_a_certificate_is_said(
    *,
    shown: str,
    trusted: str | None,
    said: str,
    url: str,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server,
        _guarded(server, certificates / shown),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"https://127.0.0.1:{server.server_port}")
        if trusted:
            monkeypatch.setenv("AWS_CA_BUNDLE", str(certificates / trusted))
        assert_says(url, tmp_path, said)


def test_a_server_without_tls_is_said_to_be(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", plain.replace("http:", "https:"))
    assert_says(url, tmp_path, "does not speak TLS; let AWS_ENDPOINT_URL begin with http://")


def test_a_server_that_says_nothing_is_not_waited_for_when_it_is_only_glanced_at(
    objects: ObjectStorage, s3: BucketServer
) -> None:
    s3.stop()
    try:
        with pytest.raises(StorageError, match="does not answer"):
            objects.check()
    finally:
        s3.go_on()
    objects.check()


@pytest.mark.parametrize(
    "url",
    [
        *("", "bucket", "/folder", "s3:", "s3://", "s3:///prefix", "http://host/bucket"),
        *("s3://bucket/a//b", "s3://bucket/../x", "s3://bucket?x=y", "s3://bucket/x#y", "gs://b"),
        *("s3://user:pass@bucket", "s3://bucket:9000/x", "s3://b_cket space/x", "s3://a"),
    ],
)
def test_a_url_that_names_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="it looks like s3://bucket/prefix"):
        Bucket(url, patience=timedelta(0))


@given(st.text())
def test_no_url_breaks_it(url: str) -> None:
    with suppress(SettingsError):
        Bucket(url, patience=timedelta(0))


@pytest.mark.parametrize("value", ["", "localhost:9000", "ftp://host", "http://", "http:// host"])
def test_an_endpoint_that_is_no_url_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", value)
    with pytest.raises(SettingsError, match="AWS_ENDPOINT_URL is wrong"):
        Bucket("s3://bucket", patience=timedelta(0))


def test_a_bundle_that_cannot_be_read_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for content in (None, b"no certificate"):
        if content:
            (tmp_path / "bundle").write_bytes(content)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "bundle"))
        with pytest.raises(SettingsError):
            Bucket("s3://bucket", patience=timedelta(0)).glance()


def test_a_key_without_its_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    with pytest.raises(SettingsError, match="Missing SecretAccessKey"):
        Bucket("s3://bucket", patience=timedelta(0))
