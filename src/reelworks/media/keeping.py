"""Decides what becomes of everything in a file that is not the picture. Pure.

All of it is kept, as it is wherever the result's container takes it; what cannot be kept is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reelworks.media.containers import Container
from reelworks.media.facts import Probe, Stream
from reelworks.media.pixels import Pixels


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """What becomes of a sound track or subtitle: ``codec`` is "copy" or an encoder's name."""

    index: int
    codec: str
    options: tuple[str, ...] = ()


def audio_tracks(probe: Probe, box: Container) -> tuple[tuple[Track, ...], tuple[str, ...]]:
    """Every sound track: as it is where the container takes it, else encoded again."""
    whole = [s for s in probe.of_kind("audio") if _readable(probe, s)]
    kept = whole[: box.max_audio]
    lost = [s for s in probe.of_kind("audio") if s not in kept]
    words = (f"The {_named(s, 'sound track')}, which cannot be read or stored." for s in lost)
    return tuple(_audio_track(probe, s, box) for s in kept), tuple(words)


def _readable(probe: Probe, stream: Stream) -> bool:
    raw = _raw(probe, stream.index)
    return stream.codec not in ("unknown", "none") and raw.get("channels", 1) != 0


def _audio_track(probe: Probe, stream: Stream, box: Container) -> Track:
    if stream.codec in box.audio:
        return Track(index=stream.index, codec="copy")
    channels = int(_raw(probe, stream.index).get("channels", 2))
    return Track(
        index=stream.index,
        codec=box.audio_fallback,
        options=_audio_options(box.audio_fallback, channels),
    )


def _audio_options(encoder: str, channels: int) -> tuple[str, ...]:
    if encoder == "flac":
        return ()
    options: tuple[str, ...] = ("-b", f"{min(96 * max(channels, 1), 512)}k")
    if encoder == "libopus":
        # libopus knows only these arrangements, and refuses 5.1 with side speakers.
        options += ("-filter", "aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1")
    return options


def subtitle_tracks(probe: Probe, box: Container) -> tuple[tuple[Track, ...], tuple[str, ...]]:
    tracks, words = [], []
    for stream in probe.of_kind("subtitle"):
        if stream.codec in box.subtitles:
            tracks.append(Track(index=stream.index, codec="copy"))
        elif stream.text and box.text_subtitles:
            tracks.append(Track(index=stream.index, codec=box.text_subtitles))
        else:
            what = _named(stream, "subtitle track")
            words.append(f"The {what}, which the result's container cannot hold.")
    return tuple(tracks), tuple(words)


def covers(probe: Probe, box: Container) -> tuple[int, ...]:
    fitting = ("mjpeg", "png", "bmp") if box.muxer == "mp4" else ("mjpeg", "png")
    pictures = (s for s in probe.streams if s.attached_picture and s.codec in fitting)
    return tuple(s.index for s in pictures) if box.pictures else ()


def attachments(probe: Probe, box: Container) -> tuple[int, ...]:
    """Fonts and the like; without a name Matroska refuses them."""
    if not box.attachments:
        return ()
    tags = {s.index: _raw(probe, s.index).get("tags", {}) for s in probe.of_kind("attachment")}
    return tuple(i for i, t in tags.items() if "filename" in t and "mimetype" in t)


def dropped(
    probe: Probe, box: Container, form: Pixels, *, alpha: bool, dolby_vision: bool
) -> tuple[str, ...]:
    picture = probe.picture
    words = [
        f"The {_named(s, 'second video')}; only the main one is enhanced."
        for s in probe.of_kind("video")
        if s.index != picture.index
    ]
    words += [
        f"The {_named(s, 'data track')}."
        for s in probe.of_kind("data")
        if not _is_chapters(s, probe)
    ]
    pictures, files = covers(probe, box), attachments(probe, box)
    words += [
        "A cover picture, which the result's container cannot hold."
        for s in probe.streams
        if s.attached_picture and s.index not in pictures
    ]
    words += ["An attached file." for s in probe.of_kind("attachment") if s.index not in files]
    if probe.raw.get("chapters") and not box.chapters:
        words.append("The chapters, which the result's container cannot hold.")
    if (picture.alpha or form.alpha) and not alpha:
        words.append("The transparency.")
    if dolby_vision:
        words.append("Dolby Vision's extra layer; the HDR picture under it is kept.")
    return tuple(words)


def _is_chapters(stream: Stream, probe: Probe) -> bool:
    """MP4 and QuickTime keep chapters in a track of text; it is written anew."""
    return bool(probe.raw.get("chapters")) and stream.codec == "bin_data" and "mov" in probe.demuxer


_ITUNES_TAGS = frozenset(
    {
        *("title", "artist", "album_artist", "album", "composer", "date", "comment", "genre"),
        *("copyright", "description", "synopsis", "show", "episode_id", "network", "lyrics"),
        *("grouping", "keywords", "track", "disc", "compilation", "encoder", "encoding_tool"),
        *("major_brand", "minor_version", "compatible_brands", "creation_time", "location"),
        *("season_number", "episode_sort", "media_type", "hd_video", "gapless_playback"),
    }
)
"""What MP4's ordinary list of tags can hold."""


def needs_long_list(probe: Probe) -> bool:
    tags = probe.raw.get("format", {}).get("tags", {})
    return any(key.lower() not in _ITUNES_TAGS for key in tags)


def _raw(probe: Probe, index: int) -> dict[str, Any]:
    """The stream as ffprobe shows it; empty where it does not."""
    streams: list[dict[str, Any]] = probe.raw.get("streams", [])
    return next((s for s in streams if s.get("index") == index), {})


def _named(stream: Stream, what: str) -> str:
    language = f", {stream.language}" if stream.language else ""
    return f"{what} {stream.index} ({stream.codec}{language})"
