"""Decides what is done to a clip. Pure: what is known goes in, a plan comes out, nothing happens.

A clip that shows no damage is not encoded again, because every encoding costs a little.
"""

from __future__ import annotations

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import keeping, tags
from reelworks.media.deciding.choosing import Needs, average_rate, choose_encoder, told_rate
from reelworks.media.deciding.encoders import Encoder
from reelworks.media.deciding.immersion import lost_immersion, says_twice
from reelworks.media.deciding.noise import noise_of, shown_noise
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Filter, Plan, Retime
from reelworks.media.deciding.remedies import QUANTISED, choose_filters, is_large
from reelworks.media.deciding.unmet import unmet
from reelworks.media.facts import Picture, Probe
from reelworks.media.formats import containers, demuxers, doubled, pixels
from reelworks.media.formats.containers import Container
from reelworks.media.formats.pixels import Pixels

FINEST, UNROUNDED = 4.0, 1.0
"""Quantiser step (levels) of sources that are finer than our own usual encoding; and of those that
have lost nothing at all."""

COARSE = 8.0
"""Quantiser step of sources that our own usual encoding would make much larger."""

AMPLIFIED, SHOWN_STEP = 1.5, 6.0
"""A source's rounding counts as enlarged from this gain, and is coarse from this step in the
result on."""


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
    filters = choose_filters(probe.picture, analysis, options)
    if not filters and not _asks_to_encode(probe.picture, options):
        return copy_plan(probe, name, (*seen, "It needs nothing; it is kept as it is."))
    obstacle = _obstacle(form, probe, analysis, name, options)
    if form is None or obstacle:
        return copy_plan(probe, name, (*seen, obstacle))
    return encode_plan(probe, form, filters, analysis, name, options)


def _seen(picture: Picture, analysis: Analysis, options: Options) -> tuple[str, ...]:
    """What was seen, and what cannot be done, in words."""
    words = analysis.words()
    if analysis.noise is not None:
        noise = noise_of(analysis) or shown_noise(analysis)
        words += (f"Noise: about {noise.level:.1f} of 255 levels.",)
    return words + unmet(picture, analysis, options)


def _asks_to_encode(picture: Picture, options: Options) -> bool:
    """Whether somebody wants another encoding, however good the picture is."""
    another = options.codec not in ("auto", picture.codec)
    return another or options.quality != "auto"


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
    if analysis.transparent and not _keeps_alpha(
        picture, _container(form, name, probe, options), options
    ):
        return "It has transparency, which encoding would lose; it is kept as it is."
    return ""


def encode_plan(
    probe: Probe,
    form: Pixels,
    filters: tuple[Filter, ...],
    analysis: Analysis,
    name: str,
    options: Options,
) -> Plan:
    """The plan that applies these filters and carries everything else over."""
    picture = probe.picture
    box = _container(form, name, probe, options)
    alpha = _keeps_alpha(picture, box, options)
    format_ = (pixels.target(form) or "yuv420p").replace("yuv", "yuva" if alpha else "yuv")
    damaged = bool(choose_filters(picture, analysis, Options.of()))
    bounded = not damaged and not _asks_for_bits(picture, options)
    own = None if damaged else picture.codec
    needs = Needs(format_, _size(picture, filters), told_rate(probe))
    encoder, substitute = choose_encoder(box, needs, options, own)
    if bounded:
        quality = _bounded_quality(analysis)
    else:
        quality = _quality(picture, options, analysis, filters if damaged else ())
    size, padding = _padded(picture, needs, encoder)
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
        + substitute
        + tuple(f.reason for f in padding)
        + _retime_words(retime),
        dropped=(
            *lost_audio,
            *lost_subtitles,
            *lost,
            *_lost_captions(picture, analysis, encoder, box),
        ),
        container=box.name,
        muxer=box.muxer,
        extension=_extension(box, name, probe.container),
        encoder=encoder.name,
        encoder_options=encoder.arguments(
            quality, box.muxer, average_rate(picture), picture.transfer
        ),
        pixel_format=format_,
        bounded=bounded,
        decoder=picture.alpha_decoder if alpha else None,
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


def _lost_captions(
    picture: Picture, analysis: Analysis, encoder: Encoder, box: Container
) -> tuple[str, ...]:
    # They go with what is taken out so that nothing is said twice.
    once = not doubled.is_said_twice(picture) and not says_twice(picture, box.muxer, encoder.name)
    if not analysis.captions or (encoder.captions and once):
        return ()
    return (f"The closed captions, which {encoder.title} cannot hold here.",)


def _size(picture: Picture, filters: tuple[Filter, ...]) -> tuple[int, int]:
    """The displayed size, enlarged where that is among the filters."""
    times = next((round(f.strength) for f in filters if f.name == "upscale"), 1)
    width, height = picture.displayed_size
    return width * times, height * times


def _padded(
    picture: Picture, needs: Needs, encoder: Encoder
) -> tuple[tuple[int, int], tuple[Filter, ...]]:
    """The result's size, and the padding where the encoder cannot take an odd one."""
    (width, height), format_ = needs.size, needs.pixel_format
    if encoder.codec == "vp9" or "444" in format_:
        return (width, height), ()
    right = width % 2
    bottom = height % 2 if "420" in format_ else 0
    if not right and not bottom:
        return (width, height), ()
    wanted = (width + right, height + bottom)
    return wanted, (_pad(picture, wanted, right, bottom, format_),)


def _pad(
    picture: Picture, wanted: tuple[int, int], right: int, bottom: int, format_: str
) -> Filter:
    """Repeat the last column or line of luma. Chroma of an odd size has a sample for it already,
    which FFmpeg's own padding would cut off: so each plane is padded by itself."""
    width, height = wanted
    smear = f"fillborders=right={right}:bottom={bottom}:mode=smear"
    merge = f"mergeplanes=format={format_}:map0s=0:map1s=1:map2s=2"
    return Filter(
        name="pad",
        # Said again: a filter in front that could give many formats, and one here that takes many,
        # would not agree on one.
        expression=f"format={format_},extractplanes=y+u+v[y][u][v];"
        f"[y]pad={width}:{height}:0:0,{smear}[padded];[padded][u][v]{merge}{_named(picture)}",
        strength=1.0,
        reason=f"Its odd size becomes {width}×{height}: the last line or column is repeated once, "
        "as its encoding needs even sizes.",
    )


def _named(picture: Picture) -> str:
    """Names colours again, for planes that are put together have lost all but matrix and range."""
    tags = {"color_primaries": picture.primaries, "color_trc": picture.transfer}
    said = ":".join(f"{key}={name}" for key, name in tags.items() if name is not None)
    return f",setparams={said}" if said else ""


def _quality(
    picture: Picture, options: Options, analysis: Analysis, filters: tuple[Filter, ...]
) -> str:
    """As exact as what is encoded deserves.

    A fine source of which only colour, fields or edges were mended is encoded better than usual,
    one without any loss nearly so: else what encoding adds takes away what was won. Denoising and
    levels are less exact than that.
    A coarse one that was stretched or sharpened shows its own rounding, enlarged: to encode that
    finely would cost bits and time for nothing. So would a large one that is very coarse by itself.
    """
    if options.quality != "auto":
        return options.quality
    step, gain = analysis.quantiser, _gain(filters)
    if step is None or not filters:
        return "balanced"
    enlarged = gain >= AMPLIFIED and step * gain >= SHOWN_STEP
    if enlarged or (step >= QUANTISED and is_large(picture)):
        return "light"
    coarse = {f.name for f in filters} & {"denoise", "levels"}
    if step > FINEST or coarse:
        return "balanced"
    return "exact" if step <= UNROUNDED else "high"


def _bounded_quality(analysis: Analysis) -> str:
    """What will not be much larger than an undamaged source; often it then need not be encoded
    again to be held to that."""
    return "small" if (analysis.quantiser or 0.0) > COARSE else "balanced"


def _gain(filters: tuple[Filter, ...]) -> float:
    """By how much the filters enlarge the differences between neighbouring pixels."""
    gains = {f.name: f.strength for f in filters}
    return gains.get("levels", 1.0) * (1 + gains.get("sharpen", 0.0))


def _asks_for_bits(picture: Picture, options: Options) -> bool:
    return options.upscale > 1 or _asks_to_encode(picture, options)


def _turn(picture: Picture, filters: tuple[Filter, ...]) -> tuple[str, ...] | None:
    """The turning, where fields must be put together before it, or where FFmpeg would turn by an
    angle in between, and cut the corners off."""
    woven = picture.rotation != 0 and any(f.name == "deinterlace" for f in filters)
    if not woven and not picture.oblique:
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
