"""nginx with TLS, as in ``deploy/nginx/tls.conf``, really stands before ``reelworks serve``."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from reelworks.client import Client, Unreachable
from tests import clips
from tests.deploy.site import free_port, nginx
from tests.service import RunningService
from tests.waiting import wait_for

_NAME = "videos.example.org"


@dataclass(frozen=True)
class Guarded:
    """A service behind TLS.

    Attributes:
        port: where TLS is spoken.
        plain_port: where it is not.
        certificate: whoever trusts it trusts the service, too.
    """

    port: int
    plain_port: int
    certificate: Path

    @property
    def trust(self) -> ssl.SSLContext:
        """Accepts its certificate, for its name."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def post(self, path: str, file: Path) -> httpx.Response:
        """Send a file to it, as a browser would."""
        with file.open("rb") as opened, httpx.Client(verify=self.trust, timeout=60) as client:
            return client.post(
                f"https://127.0.0.1:{self.port}{path}",
                files={"file": opened},
                data={"client_id": "me"},
                headers={"Host": _NAME},
                extensions={"sni_hostname": _NAME},
            )


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A service, and nginx with a certificate of its own making before it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl on this machine to make a certificate with")
    folder = tmp_path_factory.mktemp("guarded")
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={_NAME}", "-addext", f"subjectAltName=DNS:{_NAME},IP:127.0.0.1"),
            *("-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    service = RunningService(folder / "service")
    plain_port, port = free_port(), free_port()

    def here(text: str) -> str:
        text = text.replace("listen 80;", f"listen 127.0.0.1:{plain_port};")
        text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
        text = text.replace("127.0.0.1:8000", service.url.removeprefix("http://"))
        return text.replace(f"/etc/letsencrypt/live/{_NAME}", str(folder))

    guarded = Guarded(port, plain_port, certificate)
    with nginx(folder / "nginx", "tls.conf", here):
        wait_for(lambda: answers(plain_port), "nginx to answer")
        yield guarded
    service.stop()


def answers(port: int) -> bool:
    """Whether somebody answers there."""
    try:
        httpx.get(f"http://127.0.0.1:{port}")
    except httpx.TransportError:
        return False
    return True


def test_an_upload_and_its_socket_go_through_tls(guarded: Guarded) -> None:
    address = f"wss://127.0.0.1:{guarded.port}/ws/me"
    with connect(address, ssl=guarded.trust, server_hostname=_NAME) as following:
        assert json.loads(following.recv(timeout=20))["type"] == "connection"
        answer = guarded.post("/upload", clips.plain())
        assert answer.status_code == 200, answer.text
        assert json.loads(following.recv(timeout=20))["type"] == "upload_status"


def test_without_tls_one_is_sent_to_it(guarded: Guarded) -> None:
    asked = f"http://127.0.0.1:{guarded.plain_port}/upload?a=b"
    answer = httpx.get(asked, headers={"Host": _NAME})
    assert answer.status_code == 301
    assert answer.headers["location"] == f"https://{_NAME}/upload?a=b"


def test_the_client_trusts_whom_the_environment_names(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(guarded.certificate))
    with Client(f"https://127.0.0.1:{guarded.port}") as client:
        video = client.upload(clips.plain())
        assert [each.file_id for each in client.videos()] == [video.file_id]


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("port", "the certificate shown there is not trusted .*; SSL_CERT_FILE can name"),
        ("plain_port", "TLS cannot be spoken"),
    ],
)
def test_the_client_says_what_is_wrong_with_tls(guarded: Guarded, port: str, said: str) -> None:
    address = f"https://127.0.0.1:{getattr(guarded, port)}"
    with Client(address) as client, pytest.raises(Unreachable, match=said):
        client.video("any")


def test_a_certificate_for_another_name_is_said_to_be_one(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(guarded.certificate))
    with (
        Client(f"https://localhost:{guarded.port}") as client,
        pytest.raises(Unreachable) as raised,
    ):
        client.video("any")
    assert "not valid for 'localhost'); give the address with a name that" in str(raised.value)
