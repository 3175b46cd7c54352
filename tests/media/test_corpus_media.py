"""Over real files: what is let in, what is refused, and that every picture is counted."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clips import toolbox
from tests.corpus import CORPUS, manifest, needs_corpus

from reelworks.errors import NotAVideo
from reelworks.media.check import check
from reelworks.media.measure import measure
from reelworks.media.probe import probe

pytestmark = [pytest.mark.corpus, needs_corpus]


@pytest.mark.parametrize("entry", manifest(), ids=lambda entry: entry["name"])
def test_is_judged_probed_and_measured_as_expected(entry: dict[str, Any]) -> None:
    path = CORPUS / entry["name"]
    try:
        check(toolbox(), path)
    except NotAVideo:
        assert entry["expected"] == "reject" or "either_ok" in entry
        return
    assert entry["expected"] == "process" or "either_ok" in entry

    found = probe(toolbox(), path, count=True)
    expected = entry["ffprobe"]
    assert (found.picture.width, found.picture.height) == (expected["width"], expected["height"])
    assert found.picture.rotation == -expected["rotation"] % 360
    measurement = measure(toolbox(), path, found, lambda _: None)
    assert measurement.frame_count == expected["frames_decoded_ffmpeg9"]
