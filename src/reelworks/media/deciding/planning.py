"""Decides what is done to a clip. Pure: what is known goes in, a plan comes out, nothing happens.

A clip that shows no damage is not encoded again, because every encoding costs a little.
"""

from __future__ import annotations

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import keeping, tags
from reelworks.media.deciding.choosing import (
    Needs,
    asks_to_encode,
    average_rate,
    choose_encoding,
    told_rate,
)
from reelworks.media.deciding.encoders import Encoder
from reelworks.media.deciding.framing import frame_of, framed
from reelworks.media.deciding.immersion import lost_immersion, says_twice
from reelworks.media.deciding.noise import shown_noise
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Filter, Plan, Retime
from reelworks.media.deciding.remedies import choose_filters, found_noise
from reelworks.media.deciding.sizing import padded, size_of
from reelworks.media.deciding.unmet import unmet
from reelworks.media.facts import Picture, Probe, Stream
from reelworks.media.formats import containers, demuxers, doubled, pixels
from reelworks.media.formats.containers import Container
from reelworks.media.formats.pixels import Pixels


def make_plan(probe: Probe, analysis: Analysis, name: str, options: Options) -> Plan:
    """What to do with a clip.

    Args:
        probe: what the file is.
        analysis: what its pictures show.
        name: the file's name as uploaded; its extension is kept where it can be.
        options: what is wished for.
    """
    form = pixels.describe(probe.picture.pixel_format)
    seen = _seen(probe.picture, analysis, options)
    picture = framed(probe, _frame(probe, form, analysis)).picture
    filters = choose_filters(picture, analysis, options)
    if not filters and not asks_to_encode(picture, options):
        return copy_plan(probe, name, (*seen, "It needs nothing; it is kept as it is."))
    obstacle = _obstacle(form, probe, analysis, name, options)
    if form is None or obstacle:
        return copy_plan(probe, name, (*seen, obstacle))
    return encode_plan(probe, form, filters, analysis, name, options)


def _frame(probe: Probe, form: Pixels | None, analysis: Analysis) -> tuple[int, int] | None:
    target = pixels.target(form) if form is not None else None
    return frame_of(probe, analysis, target) if target is not None else None


def _seen(picture: Picture, analysis: Analysis, options: Options) -> tuple[str, ...]:
    """What was seen, and what cannot be done, in words."""
    words = analysis.words()
    if analysis.noise is not None:
        noise = found_noise(picture, analysis, options) or shown_noise(analysis)
        words += (f"Noise: about {noise.level:.1f} of 255 levels.",)
    return words + unmet(picture, analysis, options)


def copy_plan(probe: Probe, name: str, findings: tuple[str, ...]) -> Plan:
    """The file is kept as it is, byte for byte, under a name that fits what it is."""
    width, height = probe.picture.displayed_size
    return Plan(
        action="copy",
        findings=findings,
        container=probe.container,
        extension=containers.own_extension(probe.container, name),
        width=width,
        height=height,
    )


def _obstacle(
    form: Pixels | None, probe: Probe, analysis: Analysis, name: str, options: Options
) -> str:
    """Why a clip that could be better is left alone all the same; empty where nothing hinders."""
    picture = probe.picture
    if form is None or pixels.target(form) is None:
        return (
            f"No encoder here keeps its pixel format ({picture.pixel_format}); it is kept as it is."
        )
    if picture.codec in ("gif", "apng", "webp") or form.family == "palette":
        return "It is an animation of flat colours, which filters would only harm; it is kept."
    if picture.coded:
        return (
            "Only Dolby Vision's data tells what its colours are (profile 5), and encoding would "
            "lose it; it is kept as it is."
        )
    if probe.timing is not None and probe.timing.joined:
        return (
            "It is made of files that were put one behind the other, each with a clock of its own, "
            "of which players may show the first alone; it is kept as it is."
        )
    if any(_changes(stream, picture) for stream in probe.streams):
        return (
            "The codec of its pictures or its sound changes on the way, and what comes behind that "
            "would be lost; it is kept as it is."
        )
    # Of HEVC's layer of transparency nothing can be seen here; who writes one means it.
    transparent = analysis.transparent or (picture.alpha and picture.codec == "hevc")
    if transparent and not _keeps_alpha(picture, _container(form, name, probe, options), options):
        return "It has transparency, which encoding would lose; it is kept as it is."
    return ""


def _changes(stream: Stream, picture: Picture) -> bool:
    """Whether what the result would be made of changes its codec."""
    made = stream.index == picture.index or stream.kind == "audio"
    return made and stream.changing and not stream.stranger


def encode_plan(
    probe: Probe,
    form: Pixels,
    filters: tuple[Filter, ...],
    analysis: Analysis,
    name: str,
    options: Options,
) -> Plan:
    """The plan that applies these filters and carries everything else over."""
    frame = _frame(probe, form, analysis)
    probe = framed(probe, frame)
    picture = probe.picture
    box = _container(form, name, probe, options)
    alpha = _keeps_alpha(picture, box, options)
    format_ = (pixels.target(form) or "yuv420p").replace("yuv", "yuva" if alpha else "yuv")
    needs = Needs(format_, size_of(picture, filters), told_rate(probe))
    encoding = choose_encoding(picture, box, needs, analysis, filters, options)
    encoder = encoding.encoder
    size, padding = padded(picture, needs, encoder)
    audio, lost_audio = keeping.audio_tracks(probe, box)
    subtitles, lost_subtitles = keeping.subtitle_tracks(probe, box)
    covers = keeping.covers(probe, box)
    lost = keeping.dropped(probe, box, form, alpha=alpha, dynamic_hdr=analysis.dynamic_hdr)
    lost += lost_immersion(picture, box, encoder, filters + padding)
    retime = _retime(probe)
    return Plan(
        action="encode",
        filters=filters + padding,
        findings=_seen(picture, analysis, options)
        + encoding.substitute
        + tuple(f.reason for f in padding)
        + _frame_words(picture, analysis)
        + _retime_words(retime),
        dropped=(
            *lost_audio,
            *lost_subtitles,
            *lost,
            *_lost_captions(picture, analysis, encoder, box),
            *_lost_crop(picture, analysis),
        ),
        container=box.name,
        muxer=box.muxer,
        extension=_extension(box, name, probe.container),
        encoder=encoder.name,
        encoder_options=encoder.arguments(
            encoding.quality, box.muxer, average_rate(picture), picture.transfer
        ),
        pixel_format=format_,
        bounded=encoding.bounded,
        decoder=picture.alpha_decoder if alpha else None,
        turn=_turn(picture, filters, analysis),
        frame=frame,
        width=size[0],
        height=size[1],
        audio=audio,
        subtitles=subtitles,
        pictures=covers,
        attachments=keeping.attachments(probe, box),
        chapters=box.chapters,
        all_tags=box.muxer == "mov"
        or (box.muxer == "mp4" and not covers and tags.needs_long_list(probe)),
        retime=retime,
        rate=_rate(picture) if retime == "constant" else None,
    )


def _lost_captions(
    picture: Picture, analysis: Analysis, encoder: Encoder, box: Container
) -> tuple[str, ...]:
    # They go with what is taken out so that nothing is said twice.
    once = not doubled.is_said_twice(picture) and not says_twice(picture, box.muxer, encoder.name)
    if not analysis.captions or (encoder.captions and once):
        return ()
    return (f"The closed captions, which {encoder.title} cannot hold here.",)


def _lost_crop(picture: Picture, analysis: Analysis) -> tuple[str, ...]:
    if analysis.shown is None:
        return ()
    shown, whole = (
        f"{width}×{height}" for width, height in (analysis.shown, (picture.width, picture.height))
    )
    return (f"The crop by which players may show {shown} of {whole} pixels; the edges are kept.",)


def _turn(
    picture: Picture, filters: tuple[Filter, ...], analysis: Analysis
) -> tuple[str, ...] | None:
    """The turning, where fields must be put together or pictures be brought to one size before it,
    or where FFmpeg would turn by an angle in between, and cut the corners off."""
    before = analysis.changing or any(f.name == "deinterlace" for f in filters)
    is_turned = picture.rotation != 0 or (picture.mirrored and analysis.changing)
    if not (is_turned and before) and not picture.oblique:
        return None
    if picture.mirrored:
        # As FFmpeg names them: its quarter turn, and a flip that makes a mirror of it.
        return {0: ("hflip",), 90: ("transpose=cclock_flip",), 270: ("transpose=clock_flip",)}[
            picture.rotation
        ]
    return {
        0: (),
        90: ("transpose=clock",),
        180: ("hflip", "vflip"),
        270: ("transpose=cclock",),
    }[picture.rotation]


def _keeps_alpha(picture: Picture, box: Container, options: Options) -> bool:
    vp9 = options.codec in ("auto", "vp9")
    return vp9 and box.alpha and picture.alpha_decoder is not None


def _retime(probe: Probe) -> Retime | None:
    timing = probe.timing
    if timing is None or timing.sound:
        return None
    even = probe.demuxer in demuxers.RAW or (timing.decoding and timing.constant)
    return "constant" if even and probe.picture.average_rate else "repair"


def _rate(picture: Picture) -> str:
    rate = average_rate(picture)
    return f"{rate.numerator}/{rate.denominator}"


def _retime_words(retime: Retime | None) -> tuple[str, ...]:
    if retime is None:
        return ()
    how = "an even rate" if retime == "constant" else "their order, wherever they were wrong"
    return (f"Its timestamps are missing, doubled or those of decoding; new ones follow {how}.",)


def _frame_words(picture: Picture, analysis: Analysis) -> tuple[str, ...]:
    if not analysis.changing:
        return ()
    width, height = picture.displayed_size
    return (f"Its pictures change their size on the way; all are brought to {width}×{height}.",)


def _container(form: Pixels, name: str, probe: Probe, options: Options) -> Container:
    """The upload's own container where it can hold the result, else MP4."""
    box = containers.BY_EXTENSION[containers.encoded_extension(probe.container, name)]
    deep_enough = form.depth <= 8 or box.deep_codec is not None
    takes_codec = options.codec == "auto" or options.codec in box.codecs
    takes_sound = len(keeping.readable_sound(probe)) <= box.max_audio
    fits = deep_enough and takes_codec and form.chroma in box.chroma and takes_sound
    return box if fits else containers.MP4


def _extension(box: Container, name: str, real: str) -> str:
    wanted = containers.encoded_extension(real, name)
    return wanted if containers.BY_EXTENSION[wanted] is box else "mp4"
