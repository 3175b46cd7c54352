"""Writes the FFmpeg command line of a plan. Pure: an argument list comes out, nothing runs."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from reelworks.media.deciding import keeping
from reelworks.media.deciding.framing import is_settled
from reelworks.media.deciding.immersion import notes_eyes, says_twice
from reelworks.media.deciding.keeping import Track
from reelworks.media.deciding.plan import Plan
from reelworks.media.deciding.tags import counted_tags, file_tags, ogg_tags, stale_tags
from reelworks.media.encoding.cutting import Span
from reelworks.media.encoding.filtering import filter_chain
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats.allowed import input_arguments, location
from reelworks.media.formats.doubled import MESSAGES, said_once

_LENGTHS = (
    r"setts=duration=if(DURATION\,DURATION\,"
    r"if(eq(NEXT_PTS\,NOPTS)\,if(N\,max(0\,PTS-PREV_INPTS)\,0)\,max(0\,NEXT_PTS-PTS)))"
)
"""Gives a packet without a length that up to the next one; the last one that of the one before."""

_LAYERED_MUXERS = frozenset({"matroska", "webm"})
_MP4_MUXERS = ("mp4", "mov", "3gp", "3g2")

_FOR_EVER = 1_000_000
"""Seconds."""

_HELD_BACK, _WAIT = 128, 10
"""Pictures that an encoder may hold back, generously, for they need not come evenly; and the
seconds that FFmpeg waits for them by itself."""

_FINE = 90_000
"""Ticks a second, where none of the source's can be kept."""


def is_reordered_avi(probe: Probe) -> bool:
    """Whether the file only tells when pictures are decoded, and they are shown in another order.

    AVI counts pictures from the file's beginning; the n-th to be shown has the n-th time.
    """
    return probe.demuxer == "avi" and is_reordered(probe)


def is_reordered(probe: Probe) -> bool:
    """Whether the decoder may show pictures in another order than it gets them in."""
    streams = probe.raw.get("streams", [])
    main = [s for s in streams if s.get("index") == probe.picture.index]
    return any(int(s.get("has_b_frames", 0)) > 0 for s in main)


def attaches_covers(plan: Plan) -> bool:
    """Whether covers go into the result as attached files rather than as streams."""
    return bool(plan.pictures) and plan.muxer == "matroska"


def cover_command(ffmpeg: Path, source: Path, index: int, target: Path) -> list[str]:
    """The argument list that writes a cover, as it is, into a file of its own."""
    return [
        str(ffmpeg),
        *("-nostdin", "-hide_banner", "-y", "-v", "warning"),
        *input_arguments(source),
        *("-map", f"0:{index}", "-c", "copy", "-frames:v", "1", "-f", "data"),
        location(target),
    ]


def encode_command(
    ffmpeg: Path,
    probe: Probe,
    plan: Plan,
    source: Path,
    target: Path,
    covers: Sequence[Path] = (),
) -> list[str]:
    """The complete argument list that encodes ``source`` into ``target``.

    Args:
        covers: files of the plan's covers, where ``attaches_covers`` says so.
    """
    whole = [*_pauses(probe), *_early(probe), *input_arguments(source, far=probe.late_sound)]
    # An input of its own for what is not the film's pictures, or none.
    rest = whole if probe.apart else []
    return [
        *_working(ffmpeg),
        *rest,
        *_decoding(probe, plan),
        *whole,
        *_maps(f"{1 if rest else 0}:{probe.picture.index}", plan),
        *_time(plan),
        *_video(probe, plan),
        *_everything_else(probe, plan, target, covers),
    ]


def span_command(
    ffmpeg: Path, probe: Probe, plan: Plan, span: Span, source: Path, target: Path
) -> list[str]:
    """The complete argument list that encodes the pictures of a span, and only these, into MP4.

    The first one is at zero there; how far apart they are is the source's.
    """
    return [
        *_working(ffmpeg),
        *_decoding(probe, plan),
        # A picture whose references lie before the seek must be missed, not guessed: the count
        # then tells that this film cannot be sought in.
        *(f"-flags:{probe.picture.index}", "-output_corrupt"),
        *_seek(span),
        *input_arguments(source),
        *("-map", f"0:{probe.picture.index}", "-map_metadata", "-1", "-map_chapters", "-1"),
        *_time(plan),
        *_video(probe, plan, span),
        *_immersive(probe.picture, plan),
        *("-f", "mp4", location(target)),
    ]


def join_command(
    ffmpeg: Path,
    probe: Probe,
    plan: Plan,
    pictures: Path,
    since: Fraction,
    source: Path,
    target: Path,
    covers: Sequence[Path] = (),
) -> list[str]:
    """The complete argument list that puts encoded pictures beside everything else of the source.

    Args:
        pictures: a file of all the pictures, the first one at zero.
        since: when the first one is to be shown, in seconds.
        covers: as for ``encode_command``.
    """
    return [
        *_working(ffmpeg),
        *_pauses(probe),
        *_early(probe),
        *input_arguments(source, far=probe.late_sound),
        *("-itsoffset", f"{float(since):.6f}"),
        *input_arguments(pictures),
        *_maps("1:0", plan),
        *_stream_tags(probe, plan),
        *_muxing(),
        *("-c:v:0", "copy", *_codec_tag(plan), *_aspect(probe.picture, plan)),
        *_everything_else(probe, plan, target, covers),
    ]


def _aspect(picture: Picture, plan: Plan) -> list[str]:
    """The shape of the whole picture, which some codecs leave to the container."""
    if picture.displayed_aspect == 1:
        return []
    whole = picture.displayed_aspect * plan.width / plan.height
    return ["-aspect:v:0", f"{whole.numerator}:{whole.denominator}"]


def _working(ffmpeg: Path) -> list[str]:
    return [
        str(ffmpeg),
        *("-nostdin", "-hide_banner", "-y", "-v", "warning"),
        *("-nostats", "-progress", "pipe:1"),
    ]


def _everything_else(probe: Probe, plan: Plan, target: Path, covers: Sequence[Path]) -> list[str]:
    """All that is not the film's pictures, and where it goes."""
    return [
        *_film_title(probe),
        *_uncounted("v:0", probe, probe.picture.index),
        *_tracks("a", plan.audio, probe),
        *_tracks("s", plan.subtitles, probe),
        *_covers(plan),
        *_attachments(probe, plan, covers),
        *_tags(probe, plan),
        *_strictness(probe, plan),
        *_interleaved(probe),
        *_container(plan, target),
        location(target),
    ]


def _film_title(probe: Probe) -> list[str]:
    """FFmpeg reads a track's name by one name, and writes it by another."""
    title = keeping.film_title(probe)
    return ["-metadata:s:v:0", f"title={title}"] if title else []


def _uncounted(output: str, probe: Probe, index: int) -> list[str]:
    """Of a stream that is encoded anew, what was counted of it does not come along."""
    keys = counted_tags(probe, index)
    return [part for key in keys for part in (f"-metadata:s:{output}", f"{key}=")]


def _decoding(probe: Probe, plan: Plan) -> list[str]:
    stream = str(probe.picture.index)
    arguments = [
        # The size is the codec's, as everything else here sees it; a container's own crop, by
        # which a player may hide the edges, hides nothing of the result.
        *(f"-apply_cropping:{stream}", "codec"),
        # Damage is counted when the result is checked; a badly damaged film is better than none.
        *("-max_error_rate", "1"),
        *said_once(probe.picture),
    ]
    if plan.retime == "constant":
        # The decoder gives pictures their times, in the order in which they are shown. A filter
        # would begin to count anew where they change their size.
        arguments += [f"-r:{stream}", plan.rate or "25/1"]
    if is_settled(probe.picture, plan):
        arguments += [f"-reinit_filter:{stream}", "0"]
    if plan.decoder:
        arguments += [f"-c:{stream}", plan.decoder]
    if plan.turn is not None:
        # The plan turns the picture itself; FFmpeg must neither turn it again nor say it is turned.
        arguments += [f"-display_rotation:{stream}", "0"]
    return arguments


def _pauses(probe: Probe) -> list[str]:
    """Of a transport or program stream, FFmpeg closes long pauses: they come where it was cut.
    But one that only pictures or only sound make is meant, and would part them."""
    sparse = probe.timing is not None and probe.timing.sparse
    return ["-dts_delta_threshold", str(_FOR_EVER)] if sparse else []


def _early(probe: Probe) -> list[str]:
    if probe.timing is None or probe.timing.early <= 0:
        return []
    return ["-itsoffset", f"{float(probe.timing.early):.6f}"]


def _seek(span: Span) -> list[str]:
    # All times stay those of the source's own clock. FFmpeg's own accurate seek would count from
    # another zero; filters of ours leave out what comes too early.
    arguments = ["-copyts", "-noaccurate_seek", "-seek_timestamp", "1"]
    return [*arguments, "-ss", _seconds(span.seek)] if span.seek is not None else ["-copyts"]


def _seconds(time: Fraction) -> str:
    return f"{float(time):.6f}"


def _kept(plan: Plan) -> list[int]:
    """The source's streams that come along beside the pictures, in the result's order."""
    tracks = [t.index for t in (*plan.audio, *plan.subtitles)]
    pictures = () if attaches_covers(plan) else plan.pictures
    return [*tracks, *pictures, *plan.attachments]


def _maps(film: str, plan: Plan) -> list[str]:
    return [
        *("-map", film),
        *(part for index in _kept(plan) for part in ("-map", f"0:{index}")),
        *("-map_metadata", "0"),
        *("-map_chapters", "0" if plan.chapters else "-1"),
    ]


def _time(plan: Plan) -> list[str]:
    return [
        # No picture is dropped or doubled to even out the rate.
        *("-fps_mode:v:0", "passthrough"),
        # The encoder counts in the source's ticks (or in those that the filters set); the default,
        # one over the frame rate, would move the pictures of a variable rate.
        *("-enc_time_base:v:0", _time_base(plan)),
        *_muxing(),
    ]


def _muxing() -> list[str]:
    return [
        # A track whose first packet comes late must not fail while the others wait for it.
        *("-max_muxing_queue_size", "9999"),
        # Some muxers mark no packet of sound as one to begin with, and FFmpeg would wait for one.
        "-copyinkf",
    ]


def _stream_tags(probe: Probe, plan: Plan) -> list[str]:
    """All tags and flags are the source's: the joined pictures have none of their own."""
    indices = [probe.picture.index, *_kept(plan)]
    arguments = []
    for number, index in enumerate(indices):
        arguments += [f"-map_metadata:s:{number}", f"0:s:{index}"]
    flags = keeping.said_flags(probe, probe.picture.index)
    # The source's encoder did not make these pictures.
    arguments += ["-metadata:s:v:0", "encoder=", *_no_word_on_alpha(plan)]
    return [*arguments, "-disposition:v:0", "+".join(flags) or "0"]


def _no_word_on_alpha(plan: Plan) -> list[str]:
    """The source's tag would come along as one among many; the muxer writes what counts."""
    return ["-metadata:s:v:0", "alpha_mode="] if plan.muxer in _LAYERED_MUXERS else []


def _codec_tag(plan: Plan) -> list[str]:
    options = plan.encoder_options
    at = options.index("-tag:v") if "-tag:v" in options else len(options)
    return list(options[at : at + 2])


def _time_base(plan: Plan) -> str:
    """New timestamps have their filter's ticks; planes that were taken apart have lost the
    demuxer's, and their filter's are the same."""
    apart = any(f.name == "pad" for f in plan.filters)
    return "filter" if plan.retime is not None or apart else "demux"


def _video(probe: Probe, plan: Plan, span: Span | None = None) -> list[str]:
    picture = probe.picture
    chain = _trimmed(filter_chain(probe, plan), span)
    return [
        *("-filter:v:0", ",".join([*_start(probe, plan), *chain])),
        *("-c:v:0", plan.encoder),
        *("-pix_fmt:v:0", plan.pixel_format),
        *plan.encoder_options,
        *_said_once(picture, plan),
        *_of_encoder(plan.encoder),
        *_no_word_on_alpha(plan),
        *_mp4_ticks(picture, plan),
    ]


def _start(probe: Probe, plan: Plan) -> list[str]:
    """Puts the first picture at its time."""
    if plan.retime is None and is_reordered_avi(probe):
        # Told only when pictures are decoded, FFmpeg puts the first of them too late.
        return ["setpts=PTS-STARTPTS"]
    if plan.retime == "constant" and probe.timing is not None and probe.timing.late > 0:
        # Told an even rate, FFmpeg puts it at zero, whatever else begins before it.
        return [f"settb=1/{_FINE}", f"setpts=PTS+{round(probe.timing.late * _FINE)}"]
    return []


def _trimmed(chain: list[str], span: Span | None) -> list[str]:
    """What comes before a span is left out: in front of the filters what they need not see, behind
    them the lead. What comes after it ends the work."""
    if span is None:
        return chain
    before = [f"trim=start={_seconds(span.since)}"] if span.since is not None else []
    cut = [
        f"{name}={_seconds(time)}"
        for name, time in (("start", span.start), ("end", span.end))
        if time is not None
    ]
    return [*before, *chain, *([f"trim={':'.join(cut)}"] if cut else []), "setpts=PTS-STARTPTS"]


def _of_encoder(encoder: str) -> list[str]:
    """What some encoders must be kept from. The headers of both tell with which factor they began,
    and parts that were encoded with others could not be joined."""
    if encoder == "libx264":
        return ["-x264-params", "stitchable=1"]
    if encoder != "libx265":
        return []
    return [
        # x265 also writes to the terminal by itself, past FFmpeg's log level.
        *("-x265-params", "log-level=error:info=0"),
        # Dolby Vision's extra layer describes the source's pictures, not ours.
        *("-dolbyvision", "0"),
    ]


def _mp4_ticks(picture: Picture, plan: Plan) -> list[str]:
    """MP4's own choice is the encoder's time base, made finer; only very coarse ones need help."""
    if plan.muxer not in _MP4_MUXERS or plan.retime != "repair":
        return []
    return ["-video_track_timescale", str(_FINE)]


def _tracks(kind: str, tracks: tuple[Track, ...], probe: Probe) -> list[str]:
    arguments: list[str] = []
    for number, track in enumerate(tracks):
        arguments += [f"-c:{kind}:{number}", track.codec]
        if kind == "a" and track.codec == "copy" and probe.demuxer in ("nut", "avi"):
            # NUT tells no lengths, nor does AVI of FLAC, and MP4 would not show a last packet that
            # has none.
            arguments += [f"-bsf:a:{number}", _LENGTHS]
        if track.codec != "copy":
            arguments += _uncounted(f"{kind}:{number}", probe, track.index)
        pairs = zip(track.options[::2], track.options[1::2], strict=True)
        for option, value in pairs:
            arguments += [f"{option}:{kind}:{number}", value]
        # Left to itself, FFmpeg makes the first track of several the default one.
        arguments += [f"-disposition:{kind}:{number}", "+".join(keeping.flags(track, probe)) or "0"]
        for key, text in (("language", track.language), ("title", track.title)):
            if text is not None:
                arguments += [f"-metadata:s:{kind}:{number}", f"{key}={text}"]
    return arguments


def _covers(plan: Plan) -> list[str]:
    arguments: list[str] = []
    streams = 0 if attaches_covers(plan) else len(plan.pictures)
    for number in range(1, streams + 1):
        arguments += [f"-c:v:{number}", "copy", f"-disposition:v:{number}", "attached_pic"]
    return arguments


def _attachments(probe: Probe, plan: Plan, covers: Sequence[Path]) -> list[str]:
    """Matroska knows a cover by its being an attached file; as a stream it would be a film."""
    arguments = ["-c:t", "copy"] if plan.attachments else []
    names = keeping.cover_names(probe, plan.pictures if covers else ())
    for number, (path, (name, kind)) in enumerate(zip(covers, names, strict=True)):
        stream = f"-metadata:s:t:{len(plan.attachments) + number}"
        arguments += ["-attach", location(path)]
        arguments += [stream, f"filename={name}", stream, f"mimetype={kind}"]
    return arguments


def _tags(probe: Probe, plan: Plan) -> list[str]:
    texts = dict(ogg_tags(probe)) | dict.fromkeys(stale_tags(probe), "")
    if plan.muxer in _MP4_MUXERS:
        # What describes the source's file must not be said of ours; and FFmpeg reads the time
        # twice where both of MP4's lists have it, and then writes neither.
        texts |= {"major_brand": "", "minor_version": "", "compatible_brands": ""}
        if time := file_tags(probe).get("creation_time"):
            texts["creation_time"] = time
    return [part for key, text in texts.items() for part in ("-metadata", f"{key}={text}")]


def _strictness(probe: Probe, plan: Plan) -> list[str]:
    copied = {track.index for track in plan.audio if track.codec == "copy"}
    codecs = {stream.codec for stream in probe.streams if stream.index in copied}
    if plan.muxer == "mp4" and "truehd" in codecs:
        # So FFmpeg calls TrueHD in MP4, and writes none unless it is told to.
        return ["-strict", "experimental"]
    return _immersive(probe.picture, plan) if plan.muxer in ("mp4", "mov") else []


def _immersive(picture: Picture, plan: Plan) -> list[str]:
    """Of MP4's notes on spherical pictures and those for two eyes, FFmpeg thinks likewise."""
    noted = picture.spherical or notes_eyes(picture, plan.muxer, plan.encoder)
    return ["-strict", "unofficial"] if noted else []


def _said_once(picture: Picture, plan: Plan) -> list[str]:
    """Leaves to the container what it says, too."""
    twice = says_twice(picture, plan.muxer, plan.encoder)
    return ["-bsf:v:0", f"filter_units=remove_types={MESSAGES['h264']}"] if twice else []


def _interleaved(probe: Probe) -> list[str]:
    """Where pictures come slowly, an encoder holds them back for longer than FFmpeg waits for them:
    it would write sound minutes ahead of its pictures, which FLV refuses."""
    timing = probe.timing
    if timing is None or timing.duration * _HELD_BACK <= _WAIT * timing.pictures:
        return []
    wait = timing.duration * _HELD_BACK / timing.pictures
    return ["-max_interleave_delta", str(round(wait * 1_000_000))]


def _container(plan: Plan, target: Path) -> list[str]:
    arguments = []
    if plan.muxer in _MP4_MUXERS:
        # The index comes first, so that a browser can start before it has the whole file; and
        # tags that only QuickTime's extensible list can hold go there.
        flags = "+faststart" + ("+use_metadata_tags" if plan.all_tags else "")
        arguments += ["-movflags", flags]
    if plan.muxer == "mpegts":
        # Sound is cut into packets as it comes, each with its own time: of several in one, the
        # gaps and overlaps between them would be lost.
        arguments += ["-pes_payload_size", "0"]
    if plan.extension in ("mts", "m2ts"):
        # Cameras' and discs' transport streams have a time code before every packet.
        arguments += ["-mpegts_m2ts_mode", "1"]
    return [*arguments, "-f", plan.muxer]
