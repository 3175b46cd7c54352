"""What a program finds when it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelworks.app.base import open_base
from reelworks.engine.records import Records
from reelworks.errors import SettingsError
from reelworks.settings import read_settings
from tests.videos import add_video


def test_a_folder_that_should_have_uploads_and_has_none_is_refused(
    records: Records, tmp_path: Path
) -> None:
    url = records.engine.url.render_as_string(hide_password=False)
    settings = read_settings(data_dir=tmp_path / "disk", database_url=url)
    add_video(records)
    with pytest.raises(SettingsError, match=r"has no uploads, .* mount its disk"):
        open_base(settings)
    assert not settings.data_dir.exists()
    (settings.data_dir / "uploads").mkdir(parents=True)
    open_base(settings).engine.dispose()
