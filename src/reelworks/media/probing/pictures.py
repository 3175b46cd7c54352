"""Reads off libav how a video's pictures are stored and shown. Only for use in the Python child."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from av.sidedata.sidedata import Type

from reelworks.media.facts import Picture
from reelworks.media.formats.colour_names import (
    matrix_name,
    primaries_name,
    range_name,
    transfer_name,
)
from reelworks.media.probing import side_data

if TYPE_CHECKING:
    from av.video.format import VideoFormat
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_FIELD_ORDERS = {1: "progressive", 2: "tt", 3: "bb", 4: "tb", 5: "bt"}


Colours = dict[str, str | None]
"""Matrix, primaries and transfer function by their names."""


def colours(source: Any) -> Colours:
    """What a picture or a decoder says; before its first picture, the decoder of a stream says what
    the container says."""
    return {
        "matrix": matrix_name(source.colorspace),
        "primaries": primaries_name(source.color_primaries),
        "transfer": transfer_name(source.color_trc),
    }


def picture_of(
    stream: VideoStream, frame: VideoFrame | None, told: Colours | None = None
) -> Picture:
    """What is known of a stream's pictures.

    Args:
        frame: its first decoded picture, which knows best; without one the header is believed.
        told: what the container says of colours, which the decoder may have forgotten since.
    """
    context = stream.codec_context
    own = _colour(stream, frame)
    kinds = _stereo_kinds(frame) if frame is not None else []
    borrowed = {name: said for name, said in (told or {}).items() if said and not own[name]}
    pixels = frame.format if frame is not None else context.format
    mixed = pixels is not None and not (pixels.is_rgb or pixels.has_palette)
    # Flash videos of HEVC, VP9 and AV1 say so where they mean to say nothing.
    mistaken = mixed and (own | borrowed)["matrix"] == "gbr"
    if mistaken:
        own["matrix"] = None
        borrowed.pop("matrix", None)
    return Picture(
        index=stream.index,
        codec=context.codec.canonical_name,
        width=frame.width if frame is not None else context.width,
        height=frame.height if frame is not None else context.height,
        rotation=_rotation(frame) if frame is not None else 0,
        mirrored=frame is not None and _mirrored(frame),
        oblique=frame is not None and _oblique(frame),
        sample_aspect=stream.sample_aspect_ratio or Fraction(1),
        pixel_format=pixels.name if pixels is not None else "unknown",
        bit_depth=_bit_depth(pixels),
        alpha=_has_alpha(stream, pixels),
        **own | borrowed,
        borrowed=tuple(borrowed),
        mistaken=mistaken,
        field_order=_FIELD_ORDERS.get(context.field_order),
        time_base=stream.time_base or Fraction(1),
        average_rate=stream.average_rate or None,
        hdr=hdr_of(frame) if frame is not None else {},
        spherical=frame is not None and side_data.content(frame, Type.SPHERICAL) is not None,
        stereo=sum(0 < kind < _APART for kind in kinds),
        views=_APART in kinds and context.codec.canonical_name == "hevc",
        coded=frame is not None and _coded(frame),
    )


def clockwise(rotation: int) -> int:
    """libav counts anticlockwise from -180 to 180, players turn clockwise by quarters."""
    return round(-rotation / 90) * 90 % 360


def rotation(frame: VideoFrame) -> int:
    """By how many degrees, anticlockwise from -180 to 180, a player turns a picture; 0 too where
    its display matrix leaves nothing of it, as one of zeros does: libav knows no angle for that."""
    return frame.rotation if _display(frame) is not None else 0


def _rotation(frame: VideoFrame) -> int:
    """Of a picture that is mirrored, libav takes a mirror for half a turn."""
    turned = clockwise(rotation(frame))
    return 0 if turned == 180 and _mirrored(frame) else turned


def _mirrored(frame: VideoFrame) -> bool:
    display = _display(frame)
    if display is None:
        return False
    a, b, c, d = display
    return a * d - b * c < 0


def _oblique(frame: VideoFrame) -> bool:
    display = _display(frame)
    if display is None:
        return False
    a, b, _, _ = display
    degrees = math.degrees(math.atan2(b, a))
    return abs(degrees - 90 * round(degrees / 90)) > _ALMOST


def _display(frame: VideoFrame) -> tuple[int, int, int, int] | None:
    """The part of its display matrix that turns and mirrors; None where there is none to be
    heeded."""
    matrix = side_data.content(frame, Type.DISPLAYMATRIX)
    if matrix is None:
        return None
    a, b, _, c, d, *_ = _DISPLAY.unpack(matrix)
    return (a, b, c, d) if (a or c) and (b or d) else None


def _stereo_kinds(frame: VideoFrame) -> list[int]:
    """How both eyes' views lie in the picture, by every one who says so: AVStereo3DType, with which
    struct AVStereo3D begins. 0 is a flat picture."""
    return [_KIND.unpack_from(data)[0] for data in side_data.contents(frame, Type.STEREO3D)]


def _coded(frame: VideoFrame) -> bool:
    """Whether its colours are Dolby Vision's own, as of profile 5. That is told as libav tells it:
    by the profile and the range in the header whose offset is the first thing in AVDOVIMetadata."""
    data = side_data.content(frame, Type.DOVI_METADATA)
    if data is None:
        return False
    return _DOLBY.unpack_from(data, *_OFFSET.unpack_from(data)) == (0, 1)


def _bit_depth(pixels: VideoFormat | None) -> int:
    return max((c.bits for c in pixels.components), default=8) if pixels is not None else 8


def _has_alpha(stream: VideoStream, pixels: VideoFormat | None) -> bool:
    # VP8 and VP9 carry it as a second stream within each packet, which only the container tells.
    # Muxers differ in how they spell the tag.
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    if tags.get("alpha_mode") == "1":
        return True
    if _has_alpha_layer(stream.codec_context):
        return True
    return pixels is not None and any(c.is_alpha for c in pixels.components)


def _has_alpha_layer(context: Any) -> bool:
    """Whether HEVC has a layer of transparency, as editors for Apple's devices write it. PyAV's
    decoder leaves it out; the stream's header must tell how it is meant."""
    return context.codec.canonical_name == "hevc" and _ALPHA_MESSAGE in (context.extradata or b"")


def _colour(stream: VideoStream, frame: VideoFrame | None) -> dict[str, str | None]:
    """The colour tags: the picture's own, else the container's."""
    context = stream.codec_context
    sources: list[Any] = [context] if frame is None else [frame, context]
    pixels = frame.format if frame is not None else context.format
    # The old "J" formats are full range by their name.
    full = "pc" if pixels is not None and pixels.name.startswith("yuvj") else None
    said = [colours(source) for source in sources]
    named = {name: _first(each[name] for each in said) for name in said[0]}
    return named | {"range": full or _first(range_name(s.color_range) for s in sources)}


def _first(names: Any) -> str | None:
    return next((name for name in names if name is not None), None)


_ALPHA_MESSAGE = b"\x4e\x01\xa5"
"""A unit of supplemental information that begins with the one on an alpha channel (ITU-T H.265,
7.3.1.2 and D.2.1: unit 39, message 165)."""

_ALMOST = 0.9
"""Degrees from a quarter turn up to which FFmpeg takes a turn for one."""

# Column x and line y go to column a·x + c·y and line b·x + d·y.
_DISPLAY = struct.Struct("=9i")

_KIND = struct.Struct("=i")

_OFFSET = struct.Struct("@N")
# struct AVDOVIRpuDataHeader: of what is in it, the profile, and whether the range is full.
_DOLBY = struct.Struct("=4xB5xB")

_APART = 8
"""AV_STEREO3D_UNSPEC: there are two views, and they do not share a picture."""

# struct AVMasteringDisplayMetadata: ten fractions, then what of them is set.
_MASTERING = struct.Struct("=20i2i")
_PRIMARY_KEYS = ("red_x", "red_y", "green_x", "green_y", "blue_x", "blue_y")
_WHITE_KEYS = ("white_point_x", "white_point_y")
_LUMINANCE_KEYS = ("min_luminance", "max_luminance")

# struct AVContentLightMetadata
_LIGHT = struct.Struct("=2I")


def hdr_of(frame: VideoFrame) -> dict[str, Any]:
    """Mastering display and light level, by ffprobe's names; empty where there is neither.

    Returns:
        ``mastering_display``: red_x … white_point_y, min_luminance and max_luminance, as
        fractions in text such as "34000/50000"; ``content_light``: max_content and max_average,
        in candelas a square metre.
    """
    hdr: dict[str, Any] = {}
    if data := side_data.content(frame, Type.MASTERING_DISPLAY_METADATA):
        hdr["mastering_display"] = _mastering_display(data)
    if data := side_data.content(frame, Type.CONTENT_LIGHT_LEVEL):
        content, average = _LIGHT.unpack_from(data)
        hdr["content_light"] = {"max_content": content, "max_average": average}
    return hdr


def _mastering_display(data: bytes) -> dict[str, str]:
    *numbers, has_primaries, has_luminance = _MASTERING.unpack_from(data)
    values = [f"{a}/{b}" for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    keys = (*_PRIMARY_KEYS, *_WHITE_KEYS, *_LUMINANCE_KEYS)
    is_set = [bool(has_primaries)] * 8 + [bool(has_luminance)] * 2
    return {k: v for k, v, there in zip(keys, values, is_set, strict=True) if there}
