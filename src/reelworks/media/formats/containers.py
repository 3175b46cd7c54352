"""What each container can hold, and what a result's file is called. Data, and three look-ups.

An upload keeps its own extension where its container can hold the result exactly: timestamps of
any spacing, reordered pictures, every sound track. Where it cannot (AVI, ASF, raw streams, GIF …)
the result is an MP4, which everything plays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Literal

Tags = Literal["all", "itunes", "few", "none"]

_COMMON_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac", "mp2"})
_PCM = frozenset(
    f"pcm_{kind}" for kind in ("s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "u8", "s8")
)
_FLOATING = frozenset({"pcm_f32le", "pcm_f64le"})

_DEFAULT = frozenset({"default"})
_BOTH = frozenset({"default", "forced"})
_FLAGS_OF_MATROSKA = {"audio": _BOTH, "subtitle": _BOTH}
_FLAGS_OF_MP4 = {"audio": _DEFAULT, "subtitle": _BOTH}
_FLAGS_OF_QUICKTIME = {"audio": _DEFAULT, "subtitle": _DEFAULT}


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A container that results are written in.

    Attributes:
        name: as in ``Probe.container``.
        muxer: libav's name of the muxer.
        codecs: what its video may be in, the usual one first.
        deep_codec: the usual one for more than 8 bits; None where it holds no such thing.
        chroma: the chroma formats its video may have.
        audio: codecs that it takes as they are.
        audio_fallback: encoder for any other sound.
        audio_of_many: encoder for other sound of more channels than that one takes.
        max_audio: how many sound tracks it holds.
        subtitles: codecs that it takes as they are.
        text_subtitles: encoder for other subtitles that are text; None where there is none.
        covers: codecs of the pictures that can be attached as covers.
        attachments: whether files (fonts) can be attached.
        chapters: whether it holds chapters.
        alpha: whether the video may carry transparency.
        immersive: whether it says that pictures are spherical or for two eyes.
        time_codes: whether the time code of the first picture is kept.
        languages: how tracks name theirs: by any code, by QuickTime's list, or not at all.
        flags: of "default" and "forced", what it holds of a sound track and of a subtitle.
        always_default: whether one track of each kind is the default one, marked so or not.
        titles: whether tracks have titles.
        tags: which of the file's own tags it holds; see ``tags.kept_tags``.
    """

    name: str
    muxer: str
    codecs: tuple[str, ...] = ("h264", "hevc")
    deep_codec: str | None = "hevc"
    chroma: tuple[str, ...] = ("420", "422", "444")
    audio: frozenset[str]
    audio_fallback: str = "aac"
    audio_of_many: str = "libopus"
    max_audio: int = 1000
    subtitles: frozenset[str] = frozenset()
    text_subtitles: str | None = None
    covers: frozenset[str] = frozenset()
    attachments: bool = False
    chapters: bool = False
    alpha: bool = False
    immersive: bool = False
    time_codes: bool = False
    languages: Literal["any", "quicktime", "none"] = "any"
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    always_default: bool = False
    titles: bool = False
    tags: Tags = "none"


MP4 = Container(
    name="mp4",
    muxer="mp4",
    codecs=("h264", "hevc", "av1", "vp9"),
    audio=_COMMON_AUDIO | {"dts", "truehd"},
    subtitles=frozenset({"mov_text"}),
    text_subtitles="mov_text",
    covers=frozenset({"mjpeg", "png", "bmp"}),
    chapters=True,
    immersive=True,
    time_codes=True,
    flags=_FLAGS_OF_MP4,
    always_default=True,
    titles=True,
    tags="itunes",
)
MOV = Container(
    name="mov",
    muxer="mov",
    audio=frozenset({"aac", "mp3", "ac3", "eac3", "alac", "pcm_mulaw", "pcm_alaw"})
    | _PCM
    | _FLOATING
    | {"pcm_f32be", "pcm_f64be"},
    audio_of_many="pcm_s24le",
    subtitles=frozenset({"mov_text", "eia_608"}),
    text_subtitles="mov_text",
    # Covers live in iTunes' list, which QuickTime's own metadata takes the place of.
    chapters=True,
    immersive=True,
    time_codes=True,
    languages="quicktime",
    flags=_FLAGS_OF_QUICKTIME,
    always_default=True,
    titles=True,
    tags="all",
)
# AMR would belong here, but libav cannot copy it: several of its frames come in one packet.
THREE_GP = Container(
    name="3gp",
    muxer="3gp",
    codecs=("h264",),
    deep_codec=None,
    chroma=("420",),
    audio=frozenset({"aac"}),
    subtitles=frozenset({"mov_text"}),
    text_subtitles="mov_text",
    flags=_FLAGS_OF_QUICKTIME,
    always_default=True,
    tags="few",
)
THREE_G2 = replace(THREE_GP, name="3g2", muxer="3g2")
MATROSKA = Container(
    name="matroska",
    muxer="matroska",
    codecs=("h264", "hevc", "av1", "vp9"),
    audio=_COMMON_AUDIO
    | _PCM
    | _FLOATING
    | {"vorbis", "dts", "truehd", "mlp", "mp1", "wavpack", "tta", "wmav1", "wmav2"},
    audio_fallback="flac",
    audio_of_many="pcm_s24le",
    subtitles=frozenset(
        {
            "subrip",
            "ass",
            "ssa",
            "webvtt",
            "text",
            "dvd_subtitle",
            "dvb_subtitle",
            "hdmv_pgs_subtitle",
            "hdmv_text_subtitle",
        }
    ),
    text_subtitles="subrip",
    covers=frozenset({"mjpeg", "png", "gif", "tiff"}),
    attachments=True,
    chapters=True,
    immersive=True,
    flags=_FLAGS_OF_MATROSKA,
    titles=True,
    tags="all",
)
WEBM = Container(
    name="webm",
    muxer="webm",
    codecs=("vp9", "av1"),
    deep_codec="vp9",
    audio=frozenset({"opus", "vorbis"}),
    audio_fallback="libopus",
    subtitles=frozenset({"webvtt"}),
    text_subtitles="webvtt",
    chapters=True,
    immersive=True,
    alpha=True,
    flags=_FLAGS_OF_MATROSKA,
    titles=True,
    tags="all",
)
MPEGTS = Container(
    name="mpegts",
    muxer="mpegts",
    audio=frozenset(
        {"aac", "aac_latm", "mp1", "mp2", "mp3", "ac3", "eac3", "dts", "truehd", "opus", "s302m"}
    ),
    subtitles=frozenset({"dvb_subtitle", "dvb_teletext", "hdmv_pgs_subtitle"}),
)
FLV = Container(
    name="flv",
    muxer="flv",
    codecs=("h264",),
    deep_codec=None,
    chroma=("420",),
    audio=frozenset({"aac", "mp3"}),
    max_audio=1,
    languages="none",
    tags="all",
)

BY_EXTENSION: dict[str, Container] = {
    "mp4": MP4,
    "m4v": MP4,
    "f4v": MP4,
    "mov": MOV,
    "qt": MOV,
    "3gp": THREE_GP,
    "3g2": THREE_G2,
    "mkv": MATROSKA,
    "webm": WEBM,
    "ts": MPEGTS,
    "m2t": MPEGTS,
    "mts": MPEGTS,
    "m2ts": MPEGTS,
    "flv": FLV,
}
"""The extensions that an encoded result may have; every other becomes ``mp4``."""

_ISO = ("mp4", "m4v", "mov", "qt", "3gp", "3g2", "f4v", "mj2")
_ALIASES: dict[str, tuple[str, ...]] = {
    "mp4": _ISO,
    "mov": ("mov", *_ISO),
    "m4v": ("m4v", *_ISO),
    "3gp": ("3gp", *_ISO),
    "3g2": ("3g2", *_ISO),
    "mj2": ("mj2", *_ISO),
    "matroska": ("mkv", "mk3d"),
    "webm": ("webm", "mkv"),
    "mpegts": ("ts", "mts", "m2ts", "m2t", "tp", "trp"),
    "mpeg": ("mpg", "mpeg", "vob", "mod", "m2p"),
    "mpegvideo": ("mpg", "mpeg", "m2v", "m1v", "mpv"),
    "avi": ("avi", "divx"),
    "flv": ("flv",),
    "asf": ("wmv", "asf"),
    "ogg": ("ogv", "ogg", "ogm"),
    "gif": ("gif",),
    "apng": ("apng", "png"),
    "yuv4mpegpipe": ("y4m",),
    "h264": ("h264", "264", "avc", "h26l"),
    "hevc": ("hevc", "h265", "265"),
    "vvc": ("vvc", "h266", "266"),
    "h263": ("h263",),
    "mjpeg": ("mjpeg", "mjpg"),
    "dv": ("dv", "dif"),
    "rm": ("rmvb", "rm"),
    "obu": ("obu",),
    "ivf": ("ivf",),
    "mxf": ("mxf",),
    "nut": ("nut",),
    "swf": ("swf",),
    "wtv": ("wtv",),
    "vc1": ("vc1",),
}
"""What a file of each container may be called; the first is its canonical extension."""

_SAME_CONTAINER = {"y4m": "yuv4mpegpipe", "wmv": "asf", "ogv": "ogg", "ps": "mpeg", "ts": "mpegts"}


def own_extension(container: str, filename: str) -> str:
    """The upload's own extension where it fits what the file really is, else the canonical one."""
    given = PurePath(filename).suffix.lstrip(".").lower()
    names = _ALIASES.get(_SAME_CONTAINER.get(container, container), ())
    if given in names:
        return given
    return names[0] if names else _plain(container)


def encoded_extension(container: str, filename: str) -> str:
    """The extension of a newly encoded result."""
    extension = own_extension(container, filename)
    return extension if extension in BY_EXTENSION else "mp4"


def _plain(container: str) -> str:
    letters = "".join(c for c in container.lower() if c.isascii() and c.isalnum())
    return letters[:8] or "bin"
