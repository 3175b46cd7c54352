"""Decides what is done to a clip. Pure: what is known goes in, a plan comes out, nothing happens.

The first rule is to do no harm. A clip that shows no damage is not encoded again, because every
encoding costs a little; and a filter is used only where what was measured is far from what clean
clips show. A plan is data: it is stored, shown with its reasons, and gives the same result on
whatever machine carries it out.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from reelworks.media import containers, keeping, pixels
from reelworks.media.analyse import Analysis
from reelworks.media.containers import Container
from reelworks.media.facts import Picture, Probe
from reelworks.media.keeping import Track
from reelworks.media.pixels import Pixels

Retime = Literal["constant", "repair"]

# --- Thresholds: when does a clip count as damaged? -----------------------------------------------

NOISY = 2.5
"""Noise sigma (8-bit levels) from which denoising gains more than encoding again costs: at our
quality the encoder's own error is about 1.6 levels."""

DENOISE_STEPS = ((2.5, 0.75), (5.0, 1.0), (10.0, 2.2), (20.0, 4.5))
"""(noise sigma, fftdnoiz sigma ÷ noise sigma), straight between. Swept on a textured and a smooth
clip with known noise: the first loses by more than this, the second hardly gains."""

BLOCKY = 2.0
"""Step on the 8×8 grid ÷ step off it. Clean clips have up to 1.3, drawings sometimes 1.7."""

EDITING_CODECS = frozenset({"prores", "dnxhd", "cfhd", "apv"})
"""Their faint blocks are below what the eye sees, and their makers want them as they are."""

DIM = 160.0
"""White point (99.5th percentile of luma, full-scale 8-bit levels). Damaged clips had 115–180,
clean ones mostly 193 and more, but hazy and cloudy ones as little as 171."""

BLACK_SCREEN = 60.0
"""A white point under this is a dark screen, a night or a drawing rather than a dim picture."""

GREY_BLACK = 40.0
"""Black point (0.5th percentile) that counts as lifted, where the white point is low as well."""

WHITE_TARGET = 225.0
BLACK_TARGET = 12.0
MAX_GAIN = 2.2
"""Where levels are stretched to, and how far at most: beyond, noise and banding take over."""

MIN_SPAN = 24.0
"""A clip whose whole range is narrower than this shows next to nothing: a fade, a test card."""

MAX_CHROMA = 70.0
"""Chroma (distance from grey, 99th percentile) may not be stretched beyond this."""

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


# --- What a plan is -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One filter: its name, how FFmpeg writes it, how strong it is, and why it is there."""

    name: str
    expression: str
    strength: float
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is done to a clip, and why.

    Attributes:
        action: "copy" (the file as it is) or "encode".
        filters: in the order in which they are applied.
        findings: what was seen and what follows from it, in words.
        dropped: what the result will not have, in words.
        container: a name in ``containers``; the source's own when copying.
        muxer: libav's muxer; empty when copying.
        extension: of the result's name, without a dot.
        encoder, encoder_options, pixel_format: of the video.
        decoder: libav decoder that must be used, where the usual one would lose something.
        turn: filters that turn the picture upright where FFmpeg must not do it itself.
        width, height: of the result as displayed, in its own pixels.
        audio, subtitles: what becomes of each track that is kept.
        pictures, attachments: streams copied as they are.
        chapters: whether chapters are carried over.
        all_tags: whether the source has tags that need QuickTime's extensible list.
        retime: how timestamps are made good; None where the source's are kept exactly.
        rate: pictures a second for "constant", as "num/den".
    """

    action: Literal["copy", "encode"]
    filters: tuple[Filter, ...] = ()
    findings: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    container: str
    muxer: str = ""
    extension: str
    encoder: str = ""
    encoder_options: tuple[str, ...] = ()
    pixel_format: str = ""
    decoder: str | None = None
    turn: tuple[str, ...] | None = None
    width: int
    height: int
    audio: tuple[Track, ...] = ()
    subtitles: tuple[Track, ...] = ()
    pictures: tuple[int, ...] = ()
    attachments: tuple[int, ...] = ()
    chapters: bool = False
    all_tags: bool = False
    retime: Retime | None = None
    rate: str | None = None

    def to_json(self) -> str:
        """The plan as JSON; ``from_json`` gives an equal one back."""
        return json.dumps(asdict(self), ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Plan:
        """A plan that ``to_json`` wrote."""
        data = json.loads(text)
        data["filters"] = tuple(Filter(**f) for f in data["filters"])
        for name in ("audio", "subtitles"):
            data[name] = tuple(_track_from(t) for t in data[name])
        for name, value in data.items():
            if isinstance(value, list):
                data[name] = tuple(value)
        return Plan(**data)


def _track_from(data: dict[str, Any]) -> Track:
    return Track(**{**data, "options": tuple(data["options"])})


# --- Deciding -------------------------------------------------------------------------------------


def make_plan(probe: Probe, analysis: Analysis, name: str) -> Plan:
    """What to do with a clip.

    Args:
        probe: what the file is.
        analysis: what its pictures show.
        name: the file's name as uploaded; its extension is kept where it can be.
    """
    form = pixels.describe(probe.picture.pixel_format)
    filters = choose_filters(probe.picture, analysis)
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
        or (box.muxer == "mp4" and not covers and keeping.needs_long_list(probe)),
        retime=retime,
        rate=_rate(picture) if retime == "constant" else None,
    )


# --- The picture ----------------------------------------------------------------------------------


def choose_filters(picture: Picture, analysis: Analysis) -> tuple[Filter, ...]:
    """The filters that the clip needs, in the order that lets each see what it understands.

    Fields are put together first, as every other filter takes neighbouring lines for neighbours
    in time; blocks go before noise, as a denoiser keeps their edges; levels go after noise, which
    they would amplify.
    """
    found = (
        _deinterlace(analysis),
        _deblock(picture, analysis),
        _denoise(picture, analysis),
        None if picture.is_hdr else _levels(picture, analysis),
    )
    return tuple(f for f in found if f is not None)


def _deinterlace(analysis: Analysis) -> Filter | None:
    if analysis.interlaced is None:
        return None
    return Filter(
        name="deinterlace",
        # One picture for each picture: the count and the timestamps stay the source's.
        expression=f"bwdif=mode=send_frame:parity={analysis.interlaced}:deint=all",
        strength=1.0,
        reason="Its pictures are woven from two fields; motion shows combs.",
    )


def _deblock(picture: Picture, analysis: Analysis) -> Filter | None:
    if analysis.blockiness is None or analysis.blockiness < BLOCKY:
        return None
    if picture.codec in EDITING_CODECS:
        return None
    return Filter(
        name="deblock",
        expression="deblock=filter=strong:block=8",
        strength=analysis.blockiness,
        reason=f"Compression left visible blocks (edges {analysis.blockiness:.1f} times as strong "
        "on the 8×8 grid).",
    )


def _denoise(picture: Picture, analysis: Analysis) -> Filter | None:
    sigma = analysis.noise
    if sigma is None or sigma < NOISY:
        return None
    # The filter counts in stored levels, of which limited range has fewer.
    full = _stored_full(picture, pixels.describe(picture.pixel_format))
    stored = sigma if full else sigma * 219 / 255
    strength = round(min(stored * _denoise_factor(stored), 100.0), 1)
    return Filter(
        name="denoise",
        expression=f"fftdnoiz=sigma={strength}",
        strength=strength,
        reason=f"It is noisy (about {sigma:.1f} of 255 levels).",
    )


def _denoise_factor(sigma: float) -> float:
    for (low, a), (high, b) in pairwise(DENOISE_STEPS):
        if sigma <= high:
            return a + (b - a) * max(0.0, sigma - low) / (high - low)
    return DENOISE_STEPS[-1][1]


def _levels(picture: Picture, analysis: Analysis) -> Filter | None:
    """One constant stretch for the whole clip: a per-frame one would flicker."""
    low, high = analysis.black, analysis.white
    if low is None or high is None or not BLACK_SCREEN <= high < DIM or high - low < MIN_SPAN:
        return None
    if analysis.transparent or pixels.describe(picture.pixel_format) is None:
        return None
    floor = min(low, BLACK_TARGET) if low >= GREY_BLACK else low
    gain = min((WHITE_TARGET - floor) / (high - low), MAX_GAIN)
    chroma = min(gain, max(1.0, MAX_CHROMA / max(analysis.chroma or 1.0, 1.0)))
    return Filter(
        name="levels",
        expression=_stretch(picture, low, floor, gain, chroma),
        strength=round(gain, 3),
        reason=f"It is dim: its brightest parts reach only {high:.0f} of 255.",
    )


def _stretch(picture: Picture, low: float, floor: float, gain: float, chroma: float) -> str:
    """A look-up table in the stored levels, of whatever depth and range these are."""
    form = pixels.describe(picture.pixel_format)
    depth = pixels.depth_of(pixels.target(form) or "") if form else 8
    unit = 1 << (depth - 8)
    full = _stored_full(picture, form)
    base, span = (0, 255.0) if full else (16 * unit, 219.0)
    # shown = (stored − base) · 255 / (span · unit); wanted = (shown − low) · gain + floor
    offset = (floor - low * gain) * span * unit / 255.0
    top = (unit * 256 - 1) if full else 235 * unit
    grey = 128 * unit
    y = f"clip((val-{base})*{gain:.4f}+{base + offset:.3f}\\,{base}\\,{top})"
    c = f"(val-{grey})*{chroma:.4f}+{grey}"
    return f"lutyuv=y='{y}':u='{c}':v='{c}'"


def _stored_full(picture: Picture, form: Pixels | None) -> bool:
    """Whether luma uses all levels when filters see it; RGB is brought to limited range before."""
    if form is not None and form.family == "rgb":
        return False
    return picture.range == "pc" or (form is not None and form.full_range)


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


# --- Time -----------------------------------------------------------------------------------------


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


# --- The container --------------------------------------------------------------------------------


def _container(form: Pixels, name: str, real: str) -> Container:
    """The upload's own container where it can hold the result, else MP4."""
    box = containers.BY_EXTENSION[containers.encoded_extension(real, name)]
    deep_enough = form.depth <= 8 or box.deep_video is not None
    return box if deep_enough and form.chroma in box.chroma else containers.MP4


def _extension(box: Container, name: str, real: str) -> str:
    wanted = containers.encoded_extension(real, name)
    return wanted if containers.BY_EXTENSION[wanted] is box else "mp4"
