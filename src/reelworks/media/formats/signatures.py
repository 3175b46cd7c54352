"""Recognises what a file is by its first bytes, to tell a person what was found instead.

Only for wording: whether a file is a video is decided by decoding it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

HEAD_BYTES = 64 * 1024
"""How much of a file's beginning is looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a file's first bytes say that it is.

    Attributes:
        what: with its article, to follow "The file is": "a still picture (PNG)".
        video: whether it is a container that could hold a video.
    """

    what: str
    video: bool = False


def recognise(head: bytes) -> Finding | None:
    """What a file is that begins like this; None where it cannot be told.

    Args:
        head: the first ``HEAD_BYTES`` bytes, or the whole file where it is shorter.
    """
    if not head:
        return Finding(what="empty")
    return _animated(head) or _by_magic(head) or _by_structure(head) or _by_text(head)


def _animated(head: bytes) -> Finding | None:
    """An animation in a format that is made for still pictures, whose magic is no different."""
    # PNG counts an animation's pictures in front of the first one's pixels.
    if head.startswith(_PNG) and b"acTL" in head.partition(b"IDAT")[0]:
        return Finding(what="an animated picture (PNG)")
    # WebP has a flag for it, in the header of its extended kind.
    if head[:4] + head[8:16] == b"RIFFWEBPVP8X" and head[20:21] and head[20] & 2:
        return Finding(what="an animated picture (WebP)")
    return None


_PNG = b"\x89PNG\r\n\x1a\n"


# Where the magic stands, what it is, what to call the file.
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "a still picture (JPEG)"),
    (0, _PNG, "a still picture (PNG)"),
    (0, b"II*\0", "a still picture (TIFF)"),
    (0, b"MM\0*", "a still picture (TIFF)"),
    (0, b"8BPS", "a still picture (Photoshop)"),
    (0, b"\xff\x0a", "a still picture (JPEG XL)"),
    (0, b"\0\0\0\x0cJXL \r\n\x87\n", "a still picture (JPEG XL)"),
    (0, b"\0\0\0\x0cjP  \r\n\x87\n", "a still picture (JPEG 2000)"),
    (0, b"\0\0\x01\0", "a still picture (icon)"),
    (0, b"%PDF-", "a document (PDF)"),
    (0, b"%!PS", "a document (PostScript)"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document (Microsoft Office)"),
    (0, b"PK\x03\x04", "an archive (ZIP)"),
    (0, b"PK\x05\x06", "an archive (ZIP)"),
    (0, b"\x1f\x8b", "an archive (gzip)"),
    (0, b"7z\xbc\xaf\x27\x1c", "an archive (7z)"),
    (0, b"Rar!\x1a\x07", "an archive (RAR)"),
    (0, b"\xfd7zXZ\0", "an archive (xz)"),
    (0, b"BZh", "an archive (bzip2)"),
    (0, b"\x28\xb5\x2f\xfd", "an archive (Zstandard)"),
    (257, b"ustar", "an archive (tar)"),
    (0, b"ID3", "sound (MP3)"),
    (0, b"fLaC", "sound (FLAC)"),
    (0, b"FORM", "sound (AIFF)"),
    (0, b"#!AMR", "sound (AMR)"),
    (0, b"MThd", "music notes (MIDI)"),
    (0, b"wvpk", "sound (WavPack)"),
    (0, b"\x7fELF", "a program (ELF)"),
    (0, b"MZ", "a program (Windows)"),
    (0, b"\xcf\xfa\xed\xfe", "a program (macOS)"),
    (0, b"\xca\xfe\xba\xbe", "a program (Java or macOS)"),
    (0, b"SQLite format 3\0", "a database (SQLite)"),
)

_VIDEO_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF87a", "a GIF"),
    (0, b"GIF89a", "a GIF"),
    (0, b"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (0, b"FLV\x01", "a Flash video"),
    (0, b"OggS", "an Ogg file"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (0, b"\0\0\x01\xba", "an MPEG program stream"),
    (0, b"\0\0\x01\xb3", "an MPEG video stream"),
    (0, b"YUV4MPEG2", "a YUV4MPEG file"),
    (0, b"DKIF", "an IVF file"),
    (0, b".RMF", "a RealMedia file"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "an MXF file"),
)


def _by_magic(head: bytes) -> Finding | None:
    for at, magic, what in _MAGIC:
        if head.startswith(magic, at):
            return Finding(what=what)
    for at, magic, what in _VIDEO_MAGIC:
        if head.startswith(magic, at):
            return Finding(what=what, video=True)
    return None


_RIFF = {
    b"WEBP": Finding(what="a still picture (WebP)"),
    b"WAVE": Finding(what="sound (WAV)"),
    b"AVI ": Finding(what="an AVI file", video=True),
}

_ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"wide", b"free", b"skip")

_ISO_BRANDS = {
    b"heic": Finding(what="a still picture (HEIC)"),
    b"heix": Finding(what="a still picture (HEIC)"),
    b"heim": Finding(what="a still picture (HEIC)"),
    b"heis": Finding(what="a still picture (HEIC)"),
    b"mif1": Finding(what="a still picture (HEIF)"),
    b"avif": Finding(what="a still picture (AVIF)"),
    b"crx ": Finding(what="a still picture (Canon raw)"),
    b"M4A ": Finding(what="sound (M4A)"),
    b"M4B ": Finding(what="sound (M4B)"),
}

_TS_SYNC = 0x47
_TS_PACKET = 188
_M2TS_PACKET = 192
_M2TS_PREFIX = 4


def _by_structure(head: bytes) -> Finding | None:
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12])
    if head[4:8] in _ISO_BOXES:
        brand = head[8:12] if head[4:8] == b"ftyp" else b""
        return _ISO_BRANDS.get(brand, Finding(what="an MP4 or MOV file", video=True))
    if head.startswith(b"BM") and head[6:10] == bytes(4):
        return Finding(what="a still picture (BMP)")
    if _repeats_sync(head, 0, _TS_PACKET) or _repeats_sync(head, _M2TS_PREFIX, _M2TS_PACKET):
        return Finding(what="an MPEG transport stream", video=True)
    return _bare_audio(head)


def _repeats_sync(head: bytes, first: int, step: int) -> bool:
    marks = head[first : first + 4 * step : step]
    return len(marks) > 1 and all(mark == _TS_SYNC for mark in marks)


def _bare_audio(head: bytes) -> Finding | None:
    """Sound without a container: MP3 or AAC frames, told by their sync word and layer bits."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return Finding(what="sound (AAC)")
    layer, bit_rate, sample_rate = head[1] >> 1 & 3, head[2] >> 4, head[2] >> 2 & 3
    if layer != 0 and bit_rate != 0xF and sample_rate != 3:
        return Finding(what="sound (MP3)")
    return None


_NAMES_VIDEOS = "that only names videos"

# Tried in this order on the beginning of a text: no white space, no XML prologue, in lower case.
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"#extm3u", f"a playlist (M3U8) {_NAMES_VIDEOS}"),
    (r"ffconcat version|file\s+['\"]", f"a playlist (concat) {_NAMES_VIDEOS}"),
    (r"\[playlist\]", f"a playlist (PLS) {_NAMES_VIDEOS}"),
    (r"<mpd\b", f"a playlist (DASH) {_NAMES_VIDEOS}"),
    (r"v=0\r?\no=", f"a playlist (SDP) {_NAMES_VIDEOS}"),
    (r"<(svg|!doctype svg)\b", "a drawing (SVG)"),
    (r"<(!doctype html|html|head|body)\b", "a web page (HTML)"),
    (r"webvtt", "subtitles (WebVTT)"),
    (r"\[script info\]", "subtitles (ASS)"),
    (r"\d+\s*\n\d+:\d\d:\d\d[,.]\d+\s*-->", "subtitles (SubRip)"),
    (r"#!", "a script"),
    (r"\{\\rtf", "a document (RTF)"),
)

_TEXT_PATTERNS = tuple((re.compile(pattern), what) for pattern, what in _TEXTS)
_NOT_IN_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_LONGEST_UTF8 = 4


def _by_text(head: bytes) -> Finding | None:
    text = _decoded(head)
    if text is None:
        return None
    start = text.removeprefix("\ufeff").lstrip()[:4096].lower()
    root = _without_prologue(start)
    for pattern, what in _TEXT_PATTERNS:
        if pattern.match(root):
            return Finding(what=what)
    return Finding(what="a document (XML)" if start.startswith("<?xml") else "text")


def _without_prologue(text: str) -> str:
    """An XML text from its root element on, without declaration and comments before it."""
    for start, end in (("<?", "?>"), ("<!--", "-->")) * 4:
        if text.startswith(start):
            text = text.partition(end)[2].lstrip()
    return text


def _decoded(head: bytes) -> str | None:
    """The bytes as text, or None where they are none."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
    else:
        # The last character may have been cut in two.
        text = head.decode("utf-8", "replace")
        text = text[:-_LONGEST_UTF8] + text[-_LONGEST_UTF8:].replace("\ufffd", "")
    return None if _NOT_IN_TEXT.search(text) else text
