"""Short runs of pictures come from all over a film, at a bounded price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import pytest
from tests.clips import clip, lavfi

from reelworks.media.analysis import runs
from reelworks.media.analysis.runs import PLACES, RUN
from reelworks.media.probing.film import Film
from reelworks.media.probing.reading import main_video, open_video


def numbered(suffix: str, group: int) -> Path:
    """Twenty seconds, 500 pictures, with a keyframe at every so many."""
    pictures = "testsrc2=size=160x120:rate=25:duration=20,format=yuv420p"
    keyframes = ("-g", str(group), "-sc_threshold", "0")
    return clip(suffix, *lavfi(pictures), "-c:v", "libx264", *keyframes)


@contextmanager
def film(path: Path) -> Iterator[Film]:
    with open_video(path) as container:
        stream = main_video(container)
        assert stream is not None
        yield Film(container, stream)


def starts(path: Path, count: int = 500, seconds: int = 20) -> list[float]:
    """When each run starts; each is of consecutive pictures."""
    found = []
    with film(path) as opened:
        for run in runs.runs(opened, count, Fraction(seconds)):
            times = [float(opened.time(frame) or 0) for frame in run]
            assert times == pytest.approx([times[0] + n / 25 for n in range(len(run))], abs=0.002)
            found.append(times[0])
    return found


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_a_film_is_seen_all_over(monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    monkeypatch.setattr(runs, "_SHORT_PIXELS", 0)
    seen = starts(numbered(suffix, group=25))
    assert len(seen) == PLACES
    assert seen == sorted(set(seen))
    assert seen[0] < 2
    assert seen[-1] > 16


def test_a_short_film_is_read_from_beginning_to_end() -> None:
    seen = starts(numbered(".mp4", group=999))
    assert seen == pytest.approx([20 * part / PLACES for part in range(PLACES)], abs=0.5)


def test_between_keyframes_places_are_reached_as_long_as_that_is_cheap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "_SHORT_PIXELS", 0)
    monkeypatch.setattr(runs, "_CATCH_UP_PIXELS", 150 * 160 * 120)
    seen = starts(numbered(".mp4", group=250))
    assert seen[0] == 0
    assert 2 < seen[1] < 4
    assert 10 in seen  # the other keyframe, whatever the first one's places cost
    assert len(seen) < PLACES


@pytest.mark.parametrize(("count", "seconds"), [(0, 0), (500, 0)])
def test_a_film_of_unknown_length_is_read_from_its_beginning(
    monkeypatch: pytest.MonkeyPatch, count: int, seconds: int
) -> None:
    monkeypatch.setattr(runs, "_SHORT_PIXELS", -1)
    seen = starts(numbered(".mp4", group=25), count, seconds)
    assert seen[0] == 0
    assert len(seen) == PLACES


def test_the_last_run_may_be_short() -> None:
    pictures = "testsrc2=size=160x120:rate=25,format=yuv420p"
    seven = clip(".mp4", *lavfi(pictures), "-c:v", "libx264", "-frames:v", "7")
    with film(seven) as opened:
        assert [len(run) for run in runs.runs(opened, 7, Fraction(7, 25))] == [RUN, 2]
