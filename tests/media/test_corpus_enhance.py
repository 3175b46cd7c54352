"""Real files, encoded whether they need it or not: every picture and every sound track survives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.clips import toolbox
from tests.corpus import CORPUS, manifest, needs_corpus
from tests.media.plans import forced

from reelworks.media.encoding.encode import encode
from reelworks.media.probing.probe import probe
from reelworks.media.verifying.verify import verify

pytestmark = [pytest.mark.corpus, needs_corpus]

_MOST_WORK = 15_000_000
"""Pixels of all pictures together; larger files take too long for every run."""


def _files() -> list[Any]:
    wanted = [f for f in manifest() if f["expected"] == "process"]
    return [pytest.param(f, id=f["name"]) for f in wanted if _work(f) <= _MOST_WORK]


def _work(entry: dict[str, Any]) -> int:
    said = entry["ffprobe"]
    return int(said["frames_decoded_ffmpeg9"] * said["width"] * said["height"])


@pytest.mark.parametrize("entry", _files())
def test_every_picture_and_sound_track_survives(entry: dict[str, Any], tmp_path: Path) -> None:
    source, said = CORPUS / entry["name"], entry["ffprobe"]
    tools = toolbox()
    found = probe(tools, source, count=True)
    plan = forced(found, entry["name"])
    target = tmp_path / f"result.{plan.extension}"
    frames = encode(tools, found, plan, source, target, lambda _: None)
    verify(tools, source, found, plan, target, frames)
    # What is promised and what is said to be lost were compared with the finished file by verify.
    assert frames == said["frames_decoded_ffmpeg9"]
    assert len(plan.audio) == said["audio_tracks"]
    size = (said["width"], said["height"])
    turned = size if said["rotation"] % 180 == 0 else size[::-1]
    assert abs(plan.width - turned[0]) <= 1
    assert abs(plan.height - turned[1]) <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cover_art_and_tags.mp4", "Tags that the result's container cannot hold: category, "),
        ("drone_karma_gpmf.mp4", "The data track 3"),
        ("nasa_2video_2audio_2subs.mp4", "The second video 3"),
        ("anim_pigs.gif", "The unused transparency."),
        ("chapters.mp4", ""),
        ("made_4_audio_2_subs.mkv", ""),
        ("two_audio_tracks.mp4", ""),
        ("gps_location.mp4", ""),
        ("hdr10_av1_1080p.mp4", ""),
        ("alpha_vp9.webm", ""),
    ],
)
def test_what_is_lost_is_said(name: str, words: str) -> None:
    found = probe(toolbox(), CORPUS / name, count=True)
    dropped = forced(found, name).dropped
    assert dropped[0].startswith(words) if words else dropped == ()
