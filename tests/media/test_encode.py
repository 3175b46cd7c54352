"""Encoding reports how far it is, and fails when it did not do what it should."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips import clip, lavfi, toolbox
from tests.media.plans import forced

from reelworks.errors import ChildFailed, WorkStopped, WrongResult
from reelworks.media.children.process import Children
from reelworks.media.deciding.plan import Filter
from reelworks.media.encoding.encode import Progress, encode
from reelworks.media.probing.probe import probe

SAID = (
    b"frame=3\nfps=0.00\ntotal_size=48\ndup_frames=0\ndrop_frames=0\nprogress=continue\n"
    b"frame=25\nfps=9.1\ntotal_size=N/A\ndup_frames=1\ndrop_frames=2\nprogress=end\n"
)


@given(st.lists(st.integers(0, len(SAID)), max_size=40))
def test_progress_is_read_in_pieces_of_any_size(cuts: list[int]) -> None:
    seen: list[int] = []
    progress = Progress(seen.append)
    edges = [0, *sorted(cuts), len(SAID)]
    for start, end in pairwise(edges):
        progress.feed(SAID[start:end])
    assert seen == [3, 25]
    assert (progress.frames, progress.doubled, progress.dropped) == (25, 1, 2)
    assert progress.finished


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_nothing_that_ffmpeg_could_say_breaks_it(pieces: list[bytes]) -> None:
    progress = Progress(lambda _: None)
    for piece in pieces:
        progress.feed(piece)
    assert progress.frames >= 0


def test_only_what_moves_counts_as_a_sign_of_life() -> None:
    progress = Progress(lambda _: None)
    assert progress.feed(b"frame=1\n")
    assert not progress.feed(b"frame=1\nspeed=1x\nprogress=continue\n")
    assert progress.feed(b"frame=1\ntotal_size=9\n")
    assert not progress.feed(b"fra")


def source() -> Path:
    args = ("-c:v", "libx264", "-preset", "ultrafast")
    return clip(".mp4", *lavfi("testsrc2=size=96x64:duration=1,format=yuv420p"), *args)


def test_counts_every_picture(tmp_path: Path) -> None:
    found = probe(toolbox(), source(), count=True)
    seen: list[int] = []
    plan = forced(found, "a.mp4")
    assert encode(toolbox(), found, plan, source(), tmp_path / "o", seen.append) == 25
    assert seen[-1] == 25
    assert (tmp_path / "o").stat().st_size > 0


def test_nothing_is_made_but_beside_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = probe(toolbox(), source(), count=True)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    plan = forced(found, "a.mp4")
    assert encode(toolbox(), found, plan, source(), tmp_path / "o", lambda _: None) == 25


def test_no_picture_at_all_is_no_result(tmp_path: Path) -> None:
    found = probe(toolbox(), source(), count=True)
    nothing = Filter(name="none", expression="select=0", strength=1.0, reason="")
    plan = forced(found, "a.mp4", (nothing,))
    with pytest.raises((WrongResult, ChildFailed)):
        encode(toolbox(), found, plan, source(), tmp_path / "o", lambda _: None)


def test_what_ffmpeg_does_not_know_is_an_error_with_its_log(tmp_path: Path) -> None:
    found = probe(toolbox(), source(), count=True)
    wrong = Filter(name="none", expression="nosuchfilter", strength=1.0, reason="")
    plan = forced(found, "a.mp4", (wrong,))
    with pytest.raises(ChildFailed) as caught:
        encode(toolbox(), found, plan, source(), tmp_path / "o", lambda _: None)
    assert "nosuchfilter" in caught.value.log


def test_a_worker_that_leaves_stops_its_encoding(tmp_path: Path) -> None:
    children = Children()
    tools = replace(toolbox(), children=children)
    found = probe(toolbox(), source(), count=True)
    endless = Filter(name="none", expression="loop=-1:size=25", strength=1.0, reason="")
    plan = forced(found, "a.mkv", (endless,))
    started = threading.Event()
    threading.Thread(target=lambda: (started.wait(30), children.stop()), daemon=True).start()
    with pytest.raises(WorkStopped):
        encode(tools, found, plan, source(), tmp_path / "o", lambda _: started.set())
