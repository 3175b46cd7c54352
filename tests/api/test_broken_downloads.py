"""A store that fails when a part of a file is sent already."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from reelworks.app.api import create_api
from reelworks.app.base import open_base
from reelworks.settings import read_settings
from tests.api.conftest import OpenedApi
from tests.api.served import Served
from tests.buckets import S3Server
from tests.storage.conftest import know
from tests.videos import add_video


def test_a_download_that_breaks_off_is_a_sentence_in_the_log(
    s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = know(s3, monkeypatch).create()
    settings = read_settings(data_dir=tmp_path, storage_url=url)
    base = open_base(settings, patience=timedelta(seconds=0.2))
    file_id = add_video(base.records)
    upload = base.storage.incoming(f"uploads/{file_id}")
    upload.write(os.urandom(32 << 20))
    upload.keep()
    upload.close()
    served = Served(OpenedApi(create_api(base, settings), base, tmp_path))
    path = f"/videos/{file_id}/original"
    try:
        with httpx.stream("GET", f"http://127.0.0.1:{served.port}{path}") as response:
            assert response.status_code == 200
            s3.kill()
            with pytest.raises(httpx.RemoteProtocolError):
                response.read()
    finally:
        served.end()
        base.engine.dispose()
        s3.start()
    said = [record for record in caplog.records if record.levelname == "ERROR"]
    assert f"GET {path} broke off: The object store {url} " in said[0].getMessage()
    assert not any(record.exc_info for record in said)
