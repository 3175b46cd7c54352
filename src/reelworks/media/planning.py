"""Decides what is done to a clip. Pure: what is known goes in, a plan comes out, nothing happens.

A clip that shows no damage is not encoded again, because every encoding costs a little.
"""

from __future__ import annotations

from reelworks.media import containers, keeping, pixels, tags
from reelworks.media.analyse import Analysis
from reelworks.media.containers import Container
from reelworks.media.facts import Picture, Probe
from reelworks.media.options import Options
from reelworks.media.pixels import Pixels
from reelworks.media.plan import Filter, Plan, Retime
from reelworks.media.remedies import choose_filters

RAW_DEMUXERS = frozenset(
    {
        "h264",
        "hevc",
        "vvc",
        "m4v",
        "mpegvideo",
        "h263",
        "h261",
        "vc1",
        "mjpeg",
        "dirac",
        "cavsvideo",
    }
)
"""Streams without a container: they have no timestamps at all, only a rate."""


def make_plan(probe: Probe, analysis: Analysis, name: str, options: Options) -> Plan:
    """What to do with a clip.

    Args:
        probe: what the file is.
        analysis: what its pictures show.
        name: the file's name as uploaded; its extension is kept where it can be.
        options: what is wished for.
    """
    form = pixels.describe(probe.picture.pixel_format)
    filters = choose_filters(probe.picture, analysis, options)
    if not filters:
        return copy_plan(probe, name, (*analysis.words(), "It needs nothing; it is kept as it is."))
    obstacle = _obstacle(form, probe.picture, analysis, name, probe.container)
    if form is None or obstacle:
        return copy_plan(probe, name, (*analysis.words(), obstacle))
    return encode_plan(probe, form, filters, analysis, name)


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
    form: Pixels | None, picture: Picture, analysis: Analysis, name: str, container: str
) -> str:
    """Why a clip that could be better is left alone all the same; empty where nothing hinders."""
    if form is None or pixels.target(form) is None:
        return (
            f"No encoder here keeps its pixel format ({picture.pixel_format}); it is kept as it is."
        )
    if picture.codec in ("gif", "apng", "webp") or form.family == "palette":
        return "It is an animation of flat colours, which filters would only harm; it is kept."
    if analysis.transparent and not _keeps_alpha(picture, _container(form, name, container)):
        return "It has transparency, which encoding would lose; it is kept as it is."
    return ""


def encode_plan(
    probe: Probe, form: Pixels, filters: tuple[Filter, ...], analysis: Analysis, name: str
) -> Plan:
    """The plan that applies these filters and carries everything else over."""
    picture = probe.picture
    box = _container(form, name, probe.container)
    alpha = _keeps_alpha(picture, box)
    format_ = (pixels.target(form) or "yuv420p").replace("yuv", "yuva" if alpha else "yuv")
    encoder, options = _encoder(box, format_)
    size, padding = _size(picture, format_, encoder)
    audio, lost_audio = keeping.audio_tracks(probe, box)
    subtitles, lost_subtitles = keeping.subtitle_tracks(probe, box)
    covers = keeping.covers(probe, box)
    lost = keeping.dropped(probe, box, form, alpha=alpha, dolby_vision=analysis.dolby_vision)
    retime = _retime(probe)
    return Plan(
        action="encode",
        filters=filters + padding,
        findings=analysis.words() + tuple(f.reason for f in padding) + _retime_words(retime),
        dropped=(*lost_audio, *lost_subtitles, *lost),
        container=box.name,
        muxer=box.muxer,
        extension=_extension(box, name, probe.container),
        encoder=encoder,
        encoder_options=options,
        pixel_format=format_,
        decoder=_alpha_decoder(picture) if alpha else None,
        turn=_turn(picture, filters),
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


def _size(
    picture: Picture, format_: str, encoder: str
) -> tuple[tuple[int, int], tuple[Filter, ...]]:
    """The displayed size, and the padding where the encoder cannot take an odd one."""
    width, height = picture.displayed_size
    if encoder == "libvpx-vp9" or "444" in format_:
        return (width, height), ()
    right = width % 2
    bottom = height % 2 if "420" in format_ else 0
    if not right and not bottom:
        return (width, height), ()
    wanted = (width + right, height + bottom)
    return wanted, (_pad(wanted, right, bottom, format_),)


def _pad(wanted: tuple[int, int], right: int, bottom: int, format_: str) -> Filter:
    """Repeat the last column or line of luma. Chroma of an odd size has a sample for it already,
    which FFmpeg's own padding would cut off: so each plane is padded by itself."""
    width, height = wanted
    smear = f"fillborders=right={right}:bottom={bottom}:mode=smear"
    merge = f"mergeplanes=format={format_}:map0s=0:map1s=1:map2s=2"
    return Filter(
        name="pad",
        expression="extractplanes=y+u+v[y][u][v];"
        f"[y]pad={width}:{height}:0:0,{smear}[padded];[padded][u][v]{merge}",
        strength=1.0,
        reason=f"Its odd size becomes {width}×{height}: the last line or column is repeated once, "
        "as its encoding needs even sizes.",
    )


def _encoder(box: Container, format_: str) -> tuple[str, tuple[str, ...]]:
    """The video encoder and its settings.

    More than 8 bits go to HEVC: hardware and browsers play its Main 10, and none plays H.264's
    High 10; it also carries HDR's side data.
    """
    deep = pixels.depth_of(format_) > 8
    encoder = (box.deep_video or box.video) if deep else box.video
    if encoder == "libvpx-vp9":
        quality = ("-crf", "22", "-b:v", "0", "-deadline", "good", "-cpu-used", "5")
        return encoder, (*quality, "-row-mt", "1")
    if encoder == "libx265":
        tag = ("-tag:v", "hvc1") if box.muxer in ("mp4", "mov") else ()
        return encoder, ("-preset", "superfast", "-crf", "18", *tag)
    return encoder, ("-preset", "veryfast", "-crf", "18")


def _turn(picture: Picture, filters: tuple[Filter, ...]) -> tuple[str, ...] | None:
    """The turning, where fields must be put together before it."""
    if picture.rotation == 0 or not any(f.name == "deinterlace" for f in filters):
        return None
    return {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}[
        picture.rotation
    ]


def _keeps_alpha(picture: Picture, box: Container) -> bool:
    return box.alpha and picture.alpha and _alpha_decoder(picture) is not None


def _alpha_decoder(picture: Picture) -> str | None:
    """libav's own VP8 and VP9 decoders leave the second, transparent picture out."""
    return {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(picture.codec)


def _retime(probe: Probe) -> Retime | None:
    if probe.timing is None or probe.timing.sound:
        return None
    bare = probe.demuxer in RAW_DEMUXERS and probe.picture.average_rate
    return "constant" if bare else "repair"


def _rate(picture: Picture) -> str:
    rate = picture.average_rate or 25
    return f"{rate.numerator}/{rate.denominator}"


def _retime_words(retime: Retime | None) -> tuple[str, ...]:
    if retime is None:
        return ()
    how = "an even rate" if retime == "constant" else "their order, wherever they were wrong"
    return (f"Its timestamps are missing or doubled; new ones follow {how}.",)


def _container(form: Pixels, name: str, real: str) -> Container:
    """The upload's own container where it can hold the result, else MP4."""
    box = containers.BY_EXTENSION[containers.encoded_extension(real, name)]
    deep_enough = form.depth <= 8 or box.deep_video is not None
    return box if deep_enough and form.chroma in box.chroma else containers.MP4


def _extension(box: Container, name: str, real: str) -> str:
    wanted = containers.encoded_extension(real, name)
    return wanted if containers.BY_EXTENSION[wanted] is box else "mp4"
