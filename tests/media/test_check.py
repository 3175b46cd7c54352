"""The upload check lets videos in, and says of everything else what it is."""

from __future__ import annotations

import os
import resource
import struct
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from tests.clips import both_eyes, clip, lavfi, make_clip, plain, toolbox
from tests.family import at_work, end_fork_server
from tests.waiting import wait_for

from reelworks.errors import ChildFailed, ChildKilled, NotAVideo, NoThreads
from reelworks.media.formats.signatures import HEAD_BYTES
from reelworks.media.probing.check import check

ADVICE = "upload a video file such as MP4, MOV, MKV or WebM."
SECOND = lavfi("testsrc=size=320x240:rate=25:duration=1")
STILL = (*lavfi("testsrc=size=64x64"), "-frames:v", "1")


def refusal(path: Path) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(NotAVideo) as refused:
        check(toolbox(), path)
    return str(refused.value)


def test_lets_a_video_in_whatever_its_name(tmp_path: Path) -> None:
    unnamed = tmp_path / "holiday.txt"
    unnamed.write_bytes(plain().read_bytes())

    assert check(toolbox(), unnamed).picture.codec == "h264"


@contextmanager
def without_threads() -> Iterator[None]:
    """Children have one thread each: there is no room for the stack of another."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    if hard != resource.RLIM_INFINITY:
        pytest.skip("this user may not ask for stacks that are too large")
    resource.setrlimit(resource.RLIMIT_STACK, (1 << 46, hard))
    end_fork_server()  # the next one is held to it
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
        end_fork_server()


def test_does_not_blame_a_video_for_a_machine_that_starts_no_more_threads() -> None:
    video = plain()
    with without_threads(), pytest.raises(NoThreads, match="raise the limit of the service"):
        check(toolbox(), video)


def test_does_not_blame_a_video_for_a_machine_without_memory(tmp_path: Path) -> None:
    video = tmp_path / "pipe.mp4"
    os.mkfifo(video)  # whoever reads it waits until it is written

    def child() -> psutil.Process | None:
        return next((each for each in at_work(os.getpid()) if each.name() == "reel-check"), None)

    def kill() -> None:
        video.write_bytes(bytes(HEAD_BYTES))
        found = wait_for(child, "the child")
        with video.open("wb"):  # it is at it
            found.kill()

    with ThreadPoolExecutor() as threads:
        killed = threads.submit(kill)
        with pytest.raises(ChildKilled, match="most likely the machine had no memory left"):
            check(toolbox(), video)
        killed.result()


@pytest.mark.parametrize("suffix", [".mkv", ".webm", ".avi", ".ts", ".gif", ".flv", ".mpg"])
def test_lets_other_containers_in(suffix: str) -> None:
    check(toolbox(), clip(suffix, *SECOND))


def test_lets_a_video_of_one_picture_in() -> None:
    check(toolbox(), clip(".mp4", *STILL))


def test_lets_a_track_in_that_nobody_can_decode(tmp_path: Path) -> None:
    text = tmp_path / "a.srt"
    text.write_text("1\n00:00:00,100 --> 00:00:00,900\nHello\n")
    coded = ("-map", "0", "-map", "1", "-c:v", "libx264", "-c:s", "ttml")
    titled = make_clip(tmp_path / "titled.mp4", *SECOND, "-i", str(text), *coded)

    found = check(toolbox(), titled)
    assert [stream.kind for stream in found.streams] == ["video", "subtitle"]


def test_lets_pictures_with_exif_in() -> None:
    # PyAV's list of what comes with a picture ends before EXIF, which TIFF brings.
    small = lavfi("testsrc=size=64x48:rate=5:duration=0.4")
    assert check(toolbox(), clip(".mov", *small, "-c:v", "tiff")).picture.codec == "tiff"


@pytest.mark.parametrize("tag", ["colorspace=ycgco", "colorspace=ictcp", "color_trc=log100"])
def test_lets_colours_in_that_the_scaler_refuses(tag: str) -> None:
    tagged = lavfi(f"testsrc=size=64x48:rate=5:duration=0.4,format=yuv420p,setparams={tag}")
    check(toolbox(), clip(".mp4", *tagged, "-c:v", "libx264"))


def test_lets_pictures_for_two_eyes_in_whoever_says_that_they_are() -> None:
    check(toolbox(), clip(".mkv", *SECOND, *both_eyes()))


def test_lets_a_damaged_beginning_in(tmp_path: Path) -> None:
    stream = bytearray(clip(".ts", *SECOND, "-c:v", "libx264", "-g", "5").read_bytes())
    start = 10 * 188
    stream[start : start + 4000] = bytes(4000)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(stream)

    check(toolbox(), damaged)


@pytest.mark.parametrize(
    ("suffix", "what"),
    [
        (".png", "a still picture (PNG)"),
        (".jpg", "a still picture (JPEG)"),
        (".bmp", "a still picture (BMP)"),
        (".tiff", "a still picture (TIFF)"),
        (".webp", "a still picture (WebP)"),
        (".gif", "a still picture (GIF)"),
        (".avif", "a still picture (AVIF)"),
    ],
)
def test_stills_are_refused_under_any_name(suffix: str, what: str, tmp_path: Path) -> None:
    renamed = tmp_path / "clip.mp4"
    renamed.write_bytes(clip(suffix, *STILL).read_bytes())

    assert refusal(renamed) == f"The file is {what}, not a video; {ADVICE}"


@pytest.mark.parametrize(
    ("suffix", "what"),
    [(".wav", "sound (WAV)"), (".flac", "sound (FLAC)"), (".mp3", "sound (MP3)")],
)
def test_sound_is_refused(suffix: str, what: str) -> None:
    sound = clip(suffix, *lavfi("sine=duration=0.3"))

    assert refusal(sound) == f"The file is {what}, not a video; {ADVICE}"


@pytest.mark.parametrize("suffix", [".mp4", ".ogg", ".mkv", ".ts"])
def test_sound_in_a_video_container_is_refused(suffix: str) -> None:
    sound = clip(suffix, *lavfi("sine=duration=0.5"))

    assert refusal(sound) == f"The file holds only sound; {ADVICE}"


def test_a_song_with_a_cover_is_refused(tmp_path: Path) -> None:
    cover = make_clip(tmp_path / "cover.png", *STILL)
    song = make_clip(
        tmp_path / "song.m4a", *lavfi("sine=duration=0.3"), "-i", str(cover),
        "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic",
    )  # fmt: skip

    assert refusal(song) == f"The file holds only sound and a cover picture; {ADVICE}"


def test_a_container_of_neither_is_refused(tmp_path: Path) -> None:
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    words = make_clip(tmp_path / "words.mkv", "-i", str(tmp_path / "words.srt"))

    assert refusal(words) == f"The file holds neither video nor sound; {ADVICE}"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"The file is empty; {ADVICE}"),
        (b"Dear diary,\n" * 2000, f"The file is text, not a video; {ADVICE}"),
        (b"<!DOCTYPE html><html>", f"The file is a web page (HTML), not a video; {ADVICE}"),
        (b"PK\x03\x04" + bytes(500), f"The file is an archive (ZIP), not a video; {ADVICE}"),
        (b"\x91\xfe\0\3" * 999, f"The file could not be recognised as a video; {ADVICE}"),
        (
            b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + bytes(500),
            (
                "The file looks like an MP4 or MOV file, but it cannot be opened: "
                "it is damaged or incomplete; export it anew and upload it again."
            ),
        ),
    ],
)
def test_other_files_are_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)

    assert refusal(tmp_path / "clip.mp4") == sentence


PLAYLISTS = {
    "M3U8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4">'
    '<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL><SegmentBase/></Representation>'
    "</AdaptationSet></Period></MPD>",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_list_of_other_files_is_refused_and_not_followed(kind: str, tmp_path: Path) -> None:
    trap = tmp_path / "clip.mp4"
    trap.write_text(PLAYLISTS[kind].format(plain()))

    what = f"a playlist ({kind}) that only names videos"
    assert refusal(trap) == f"The file is {what}, not a video; {ADVICE}"


def test_a_video_of_which_nothing_decodes_is_refused(tmp_path: Path) -> None:
    film = clip(".mkv", *SECOND, "-c:v", "libx264", "-bf", "0").read_bytes()
    broken = tmp_path / "broken.mkv"
    cut = film.index(b"\x1f\x43\xb6\x75") + 40  # within the first cluster
    broken.write_bytes(film[:cut] + b"\xff" * 2000)

    assert refusal(broken) == (
        "The file has a video stream (h264), but none of its pictures can be decoded: "
        "it is damaged or incomplete; export it anew and upload it again."
    )


def test_an_encrypted_video_is_refused(tmp_path: Path) -> None:
    key = "0123456789abcdef0123456789abcdef"
    locked = make_clip(
        tmp_path / "locked.mp4", "-i", str(plain()), "-c", "copy", "-encryption_scheme",
        "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key,
    )  # fmt: skip

    assert refusal(locked) == (
        "The video is encrypted (copy protection); upload a copy without protection."
    )


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_pictures_over_the_limit_are_refused_by_name(suffix: str) -> None:
    large = clip(suffix, *lavfi("color=red:size=9000x8000"), "-frames:v", "1", "-c:v", "ffv1")

    assert refusal(large) == (
        "The video's pictures of 9000 × 8000 pixels are too large: 67 million pixels is the limit; "
        "scale it down and upload it again."
    )


def test_a_file_that_claims_more_than_memory_holds_is_refused_at_once(tmp_path: Path) -> None:
    pieces = ("-c:v", "libx264", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    film = bytearray(clip(".mp4", *SECOND, *pieces).read_bytes())
    run = film.index(b"trun") + 4
    many_samples_of_the_usual_length = struct.pack(">II", 1, 150_000_000)
    film[run : run + 8] = many_samples_of_the_usual_length
    greedy = tmp_path / "greedy.mp4"
    greedy.write_bytes(film)

    assert refusal(greedy) == (
        "The file claims to hold more than fits into memory: it is damaged, or made to do harm; "
        "export it anew and upload it again."
    )


def replace_reader(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Run this in place of what reads files, as a file would that makes libav do the same."""
    reader = [sys.executable, "-c", program]
    monkeypatch.setattr("reelworks.media.children.call.COMMAND", reader)


def test_a_file_that_kills_its_reader_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    dying = "import os; print('moved=0', flush=True); os.kill(os.getpid(), 11)"
    replace_reader(monkeypatch, dying)

    assert refusal(plain()) == (
        "The file could not be read: it is too damaged to be looked into; "
        "export it anew and upload it again."
    )


def test_a_reader_that_cannot_start_is_our_fault_not_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace_reader(monkeypatch, "raise SystemExit(1)")

    with pytest.raises(ChildFailed):
        check(toolbox(), plain())


def test_a_decoder_that_cannot_run_is_a_refusal_not_a_crash(tmp_path: Path) -> None:
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\nkill -SEGV $$\n")
    broken.chmod(0o755)

    with pytest.raises(NotAVideo, match="none of its pictures can be decoded"):
        check(replace(toolbox(), ffmpeg=broken), plain())


def test_a_missing_file_is_our_fault_not_the_users(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        check(toolbox(), tmp_path / "gone.mp4")
