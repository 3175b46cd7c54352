"""Decides what becomes of everything in a file that is not the picture. Pure.

All of it is kept, as it is wherever the result's container takes it; what cannot be kept is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reelworks.media.deciding import tags
from reelworks.media.deciding.chapters import lost_chapters
from reelworks.media.facts import Probe, Stream
from reelworks.media.formats import languages
from reelworks.media.formats.containers import Container
from reelworks.media.formats.pixels import Pixels

_MOST_CHANNELS = 8
"""Channels of sound that AAC and FLAC take here; Opus knows the speakers of no more."""

_STRANGE = "which belongs to another programme"

_UNKNOWN = ("unknown", "none")
"""What a codec is called that libav does not know."""

_EXACT = frozenset({"flac", "pcm_s24le"})
"""Encoders of sound that lose nothing: they are told no rate."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Track:
    """What becomes of a sound track or subtitle, and what the result says of it.

    Attributes:
        index: of the source's stream.
        codec: "copy" or an encoder's name.
        options: of the encoder.
        language: as the result's container spells it; None where nothing is said.
        default, forced: its flags; None where the container holds none.
        title: None where it has none, or the container holds none.
    """

    index: int
    codec: str
    options: tuple[str, ...] = ()
    language: str | None = None
    default: bool | None = None
    forced: bool | None = None
    title: str | None = None


def audio_tracks(probe: Probe, box: Container) -> tuple[tuple[Track, ...], tuple[str, ...]]:
    """Every sound track: as it is where the container takes it, else encoded again."""
    kept = readable_sound(probe)[: box.max_audio]
    lost = [s for s in probe.of_kind("audio") if s not in kept]
    words = [f"The {_named(s, 'sound track')}, {_why_lost(s)}." for s in lost]
    tracks = [_marked(_audio_track(probe, s, box), s, probe, box) for s in kept]
    words += _lost_marks(kept, tracks, probe, "sound track")
    return _with_default(tracks, box), tuple(words)


def readable_sound(probe: Probe) -> list[Stream]:
    """The sound tracks of which there is something to keep."""
    return [s for s in probe.of_kind("audio") if _readable(probe, s)]


def _marked(track: Track, stream: Stream, probe: Probe, box: Container) -> Track:
    """With its language, flags and title, as far as the container holds them."""
    flags = box.flags.get(stream.kind, frozenset())
    return replace(
        track,
        language=_language(stream, box),
        default=stream.default if "default" in flags else None,
        forced=_forced(stream, probe) if "forced" in flags else None,
        title=_title(stream, probe) if box.titles else None,
    )


def _language(stream: Stream, box: Container) -> str | None:
    code = stream.language
    if languages.canonical(code) is None or code is None or box.languages == "none":
        return None
    return languages.quicktime(code) if box.languages == "quicktime" else code


def _forced(stream: Stream, probe: Probe) -> bool:
    return bool(_raw(probe, stream.index).get("disposition", {}).get("forced"))


def _title(stream: Stream, probe: Probe) -> str | None:
    """A track's title; MP4 and QuickTime call it its name."""
    said = {k.lower(): v for k, v in _raw(probe, stream.index).get("tags", {}).items()}
    title = said.get("title") or (said.get("name") if "mov" in probe.demuxer else None)
    return title.strip() or None if title else None


def film_title(probe: Probe) -> str | None:
    """The title of the pictures' own track, which MP4 and QuickTime call its name."""
    own = (s for s in probe.streams if s.index == probe.picture.index)
    return next((_title(s, probe) for s in own if "mov" in probe.demuxer), None)


def flags(track: Track, probe: Probe) -> list[str]:
    """All flags that the result's track is given, by FFmpeg's names."""
    said = _raw(probe, track.index).get("disposition", {})
    others = [name for name, on in said.items() if on and name not in ("default", "forced")]
    promised = {"default": track.default, "forced": track.forced}
    return [name for name, on in promised.items() if on] + others


def said_flags(probe: Probe, index: int) -> list[str]:
    """All flags that the source gives a stream, by FFmpeg's names."""
    return [name for name, on in _raw(probe, index).get("disposition", {}).items() if on]


def _with_default(tracks: Iterable[Track], box: Container) -> tuple[Track, ...]:
    tracks = tuple(tracks)
    if not tracks or not box.always_default or any(t.default for t in tracks):
        return tracks
    return (replace(tracks[0], default=True), *tracks[1:])


def _lost_marks(
    streams: Iterable[Stream], tracks: Iterable[Track], probe: Probe, what: str
) -> list[str]:
    words = []
    for stream, track in zip(streams, tracks, strict=True):
        lost = {
            "language": languages.canonical(stream.language) and not track.language,
            "title": _title(stream, probe) and not track.title,
            "forced flag": _forced(stream, probe) and not track.forced,
        }
        name = _named(stream, what)
        words += [
            f"The {mark} of the {name}, which the result's container cannot hold."
            for mark, is_lost in lost.items()
            if is_lost
        ]
    return words


def _readable(probe: Probe, stream: Stream) -> bool:
    raw = _raw(probe, stream.index)
    known = stream.codec not in _UNKNOWN
    told = raw.get("channels") != 0 and raw.get("sample_rate") != "0"
    return known and told and not stream.empty and not stream.stranger


def _why_lost(stream: Stream) -> str:
    if stream.stranger:
        return _STRANGE
    return "which is empty" if stream.empty else "which cannot be read or stored"


def _audio_track(probe: Probe, stream: Stream, box: Container) -> Track:
    # Only what is decoded is cut where the pieces of an edit list meet.
    if stream.codec in box.audio and not stream.pieced:
        return Track(index=stream.index, codec="copy")
    channels = int(_raw(probe, stream.index).get("channels", 2))
    encoder = box.audio_fallback if channels <= _MOST_CHANNELS else box.audio_of_many
    options = _audio_options(stream, encoder, channels)
    return Track(index=stream.index, codec=encoder, options=options)


def _audio_options(stream: Stream, encoder: str, channels: int) -> tuple[str, ...]:
    # Decoders' times tremble by some samples, which a packet must not follow; real gaps become
    # silence, for a packet of sound cannot have a gap inside. Where pieces meet, up to a packet of
    # the earlier one is too much.
    leeway = "0.001" if stream.pieced else "0.03"
    filters = [f"aresample=async=1:min_hard_comp={leeway}"]
    if encoder == "libopus" and channels > _MOST_CHANNELS:
        # Each channel by itself, wherever its speaker is.
        return ("-mapping_family", "255", "-b", f"{64 * channels}k", "-filter", *filters)
    if encoder == "libopus":
        # libopus knows only these arrangements, and refuses 5.1 with side speakers.
        filters.append("aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1")
    elif stream.codec == "speex":
        # Its decoder does not say for which speakers its channels are.
        filters.append("aformat=channel_layouts=mono|stereo")
    rate = () if encoder in _EXACT else ("-b", f"{min(96 * max(channels, 1), 512)}k")
    return (*rate, "-filter", ",".join(filters))


def subtitle_tracks(probe: Probe, box: Container) -> tuple[tuple[Track, ...], tuple[str, ...]]:
    """Every subtitle that the container takes, as it is or as its kind of text."""
    kept, tracks, words = [], [], []
    for stream in probe.of_kind("subtitle"):
        codec = _subtitle_codec(stream, box)
        if stream.stranger or codec is None:
            words.append(f"The {_named(stream, 'subtitle track')}, {_why_unheld(stream)}.")
        else:
            kept.append(stream)
            tracks.append(_marked(Track(index=stream.index, codec=codec), stream, probe, box))
    words += _lost_marks(kept, tracks, probe, "subtitle track")
    return _with_default(tracks, box), tuple(words)


def _why_unheld(stream: Stream) -> str:
    if stream.stranger:
        return _STRANGE
    if stream.codec in _UNKNOWN:
        return "which cannot be read"
    return "which the result's container cannot hold"


def _subtitle_codec(stream: Stream, box: Container) -> str | None:
    if stream.codec in box.subtitles:
        return "copy"
    return box.text_subtitles if stream.text else None


def covers(probe: Probe, box: Container) -> tuple[int, ...]:
    """The covers that the container takes."""
    return tuple(s.index for s in _covers(probe) if s.codec in box.covers)


def _covers(probe: Probe) -> list[Stream]:
    attached = (s for s in probe.streams if s.attached_picture)
    return [s for s in attached if not _is_of_chapters(s, probe)]


def _is_of_chapters(stream: Stream, probe: Probe) -> bool:
    """Whether it is a track with a picture for each chapter, of which libav takes the first one for
    a cover."""
    return bool(_raw(probe, stream.index).get("disposition", {}).get("timed_thumbnails"))


def attachments(probe: Probe, box: Container) -> tuple[int, ...]:
    """Fonts and the like; without a name Matroska refuses them."""
    if not box.attachments:
        return ()
    said = {s.index: _raw(probe, s.index).get("tags", {}) for s in probe.of_kind("attachment")}
    return tuple(i for i, t in said.items() if "filename" in t and "mimetype" in t)


def cover_names(probe: Probe, plan_pictures: Iterable[int]) -> tuple[tuple[str, str], ...]:
    """File name and MIME type of each cover, for a container that attaches them as files."""
    return tuple(_cover_name(probe, index, n) for n, index in enumerate(plan_pictures))


def _cover_name(probe: Probe, index: int, number: int) -> tuple[str, str]:
    codec = next(s.codec for s in probe.streams if s.index == index)
    kind = {"mjpeg": "jpeg"}.get(codec, codec)
    said = {k.lower(): v for k, v in _raw(probe, index).get("tags", {}).items()}
    # Matroska knows a cover by this name.
    name = said.get("filename") or f"cover{number or ''}.{'jpg' if kind == 'jpeg' else kind}"
    return name, said.get("mimetype") or f"image/{kind}"


def dropped(
    probe: Probe, box: Container, form: Pixels, *, alpha: bool, dynamic_hdr: Iterable[str]
) -> tuple[str, ...]:
    picture = probe.picture
    words = [
        f"The {_named(s, 'second video')}{_why_second(s)}"
        for s in probe.of_kind("video")
        if s.index != picture.index
    ]
    words += [
        f"The {_named(s, 'data track')}."
        for s in probe.of_kind("data")
        if not _is_chapters(s, probe) and not (box.time_codes and _is_time_code(s, probe))
    ]
    pictures, files = covers(probe, box), attachments(probe, box)
    words += [
        "A cover picture, which the result's container cannot hold."
        for s in _covers(probe)
        if s.index not in pictures
    ]
    words += ["The pictures of the chapters." for s in probe.streams if _is_of_chapters(s, probe)]
    words += ["An attached file." for s in probe.of_kind("attachment") if s.index not in files]
    if box.chapters:
        words += lost_chapters(probe)
    elif probe.raw.get("chapters"):
        words.append("The chapters, which the result's container cannot hold.")
    words += _lost_tags(probe, box, long_list=bool(box.muxer == "mp4" and not pictures))
    if (picture.alpha or form.alpha) and not alpha:
        # Where any was seen, the clip was left alone; beside AV1's pictures nobody can look at it.
        could_look = form.alpha or picture.alpha_decoder is not None
        words.append("The unused transparency." if could_look else "The transparency.")
    words += [
        f"The extra data of {name}; the HDR picture under it is kept." for name in dynamic_hdr
    ]
    return tuple(words)


def _why_second(stream: Stream) -> str:
    if stream.stranger:
        return f", {_STRANGE}."
    return "; only the main one is enhanced."


def _is_chapters(stream: Stream, probe: Probe) -> bool:
    """MP4 and QuickTime keep chapters in a track of text; it is written anew."""
    return bool(probe.raw.get("chapters")) and stream.codec == "bin_data" and "mov" in probe.demuxer


def _is_time_code(stream: Stream, probe: Probe) -> bool:
    """Whether a track only counts from a time code that the pictures' own tag says, too; it is
    written anew."""
    said, pictures = (
        _raw(probe, index).get("tags", {}).get("timecode")
        for index in (stream.index, probe.picture.index)
    )
    return said is not None and said == pictures


def _lost_tags(probe: Probe, box: Container, *, long_list: bool) -> list[str]:
    kept = tags.kept_tags(probe, box, long_list=long_list)
    lost = sorted(tags.file_tags(probe).keys() - kept)
    if not lost:
        return []
    return [f"Tags that the result's container cannot hold: {', '.join(lost)}."]


def _raw(probe: Probe, index: int) -> dict[str, Any]:
    """The stream as ffprobe shows it; empty where it does not."""
    streams: list[dict[str, Any]] = probe.raw.get("streams", [])
    return next((s for s in streams if s.get("index") == index), {})


def _named(stream: Stream, what: str) -> str:
    language = f", {stream.language}" if languages.canonical(stream.language) else ""
    return f"{what} {stream.index} ({stream.codec}{language})"
