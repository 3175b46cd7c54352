"""Files are recognised by their first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.clips import clip, lavfi

from reelworks.media.formats.signatures import HEAD_BYTES, recognise

NOT_VIDEOS = {
    "a still picture (JPEG)": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "a still picture (PNG)": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "a still picture (WebP)": b"RIFF\x24\0\0\0WEBPVP8 ",
    "an animated picture (PNG)": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(21) + b"\x08acTL",
    "an animated picture (WebP)": b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x12",
    "a still picture (BMP)": b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0",
    "a still picture (TIFF)": b"II*\0\x08\0\0\0",
    "a still picture (HEIC)": b"\0\0\0\x18ftypheic\0\0\0\0",
    "a still picture (AVIF)": b"\0\0\0\x20ftypavif\0\0\0\0",
    "a drawing (SVG)": b'<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="x">',
    "a document (PDF)": b"%PDF-1.7\n",
    "an archive (ZIP)": b"PK\x03\x04\x14\0",
    "an archive (gzip)": b"\x1f\x8b\x08\0",
    "an archive (7z)": b"7z\xbc\xaf\x27\x1c\0\x04",
    "an archive (RAR)": b"Rar!\x1a\x07\x01\0",
    "sound (MP3)": b"ID3\x04\0\0\0\0\0\0",
    "sound (WAV)": b"RIFF\x24\0\0\0WAVEfmt ",
    "sound (FLAC)": b"fLaC\0\0\0\x22",
    "sound (AAC)": b"\xff\xf1\x50\x80\x02\x1f\xfc",
    "a playlist (M3U8) that only names videos": b"#EXTM3U\n#EXT-X-VERSION:3\n",
    "a playlist (concat) that only names videos": b"ffconcat version 1.0\nfile 'a.mp4'\n",
    "a playlist (DASH) that only names videos": b'<?xml version="1.0"?><MPD xmlns="u">',
    "a web page (HTML)": b"<!DOCTYPE html>\n<html>",
    "a document (XML)": b'<?xml version="1.0"?><rss>',
    "subtitles (SubRip)": b"1\r\n00:00:00,000 --> 00:00:01,000\r\nHello\r\n",
    "subtitles (WebVTT)": b"WEBVTT\n\n00:00.000 --> 00:01.000\n",
    "subtitles (ASS)": b"\xef\xbb\xbf[Script Info]\n",
    "a program (ELF)": b"\x7fELF\x02\x01\x01\0",
    "a program (Windows)": b"MZ\x90\0\x03\0",
    "a script": b"#!/bin/sh\necho hello\n",
    "text": b"It was a dark and stormy night.\n",
    "empty": b"",
}

VIDEOS = {
    "an MP4 or MOV file": b"\0\0\0\x20ftypisom\0\0\x02\0",
    "a Matroska or WebM file": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81",
    "an AVI file": b"RIFF\x24\0\0\0AVI LIST",
    "an Ogg file": b"OggS\0\x02",
    "a Flash video": b"FLV\x01\x05",
    "a GIF": b"GIF89a\x01\0",
    "an MPEG transport stream": (b"\x47" + bytes(187)) * 3,
    "an MPEG program stream": b"\0\0\x01\xba\x44",
}


@pytest.mark.parametrize(("what", "head"), NOT_VIDEOS.items())
def test_names_what_is_not_a_video(what: str, head: bytes) -> None:
    finding = recognise(head)

    assert finding is not None
    assert (finding.what, finding.video) == (what, False)


@pytest.mark.parametrize(("what", "head"), VIDEOS.items())
def test_names_what_could_hold_a_video(what: str, head: bytes) -> None:
    finding = recognise(head)

    assert finding is not None
    assert (finding.what, finding.video) == (what, True)


@pytest.mark.parametrize(("pictures", "kind"), [("1", "a still"), ("3", "an animated")])
@pytest.mark.parametrize(("suffix", "name"), [(".png", "PNG"), (".webp", "WebP")])
def test_an_animated_picture_is_not_called_a_still_one(
    pictures: str, kind: str, suffix: str, name: str
) -> None:
    forms = {".png": ("-f", "image2" if pictures == "1" else "apng"), ".webp": ("-c:v", "libwebp")}
    made = clip(suffix, *lavfi("testsrc2=size=64x48"), "-frames:v", pictures, *forms[suffix])
    finding = recognise(made.read_bytes()[:HEAD_BYTES])

    assert finding is not None
    assert finding.what == f"{kind} picture ({name})"


def test_does_not_guess_at_noise() -> None:
    assert recognise(bytes(range(128, 256)) * 8 + b"\0\1\2") is None


@given(st.binary(max_size=4096))
def test_never_fails(head: bytes) -> None:
    finding = recognise(head)

    assert finding is None or finding.what


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
    st.integers(0, 3),
)
def test_text_stays_text_when_its_last_character_is_cut(text: str, cut: int) -> None:
    head = ("words: " + text + "€").encode()

    finding = recognise(head[: len(head) - cut])

    assert "\ufffd" in text or (finding is not None and finding.what == "text")


def test_many_comments_take_no_time() -> None:
    head = (b"<!---->" * HEAD_BYTES)[:HEAD_BYTES]

    finding = recognise(head)

    assert finding is not None
    assert finding.what == "text"
