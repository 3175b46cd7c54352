"""ffprobe's JSON, built from libav where there is no ffprobe: same keys, same kinds of values.

Only for use in the Python child. Where libav does not say, the key is left out, as ffprobe does.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from av.sidedata.sidedata import Type
from av.stream import Disposition

from reelworks.media.facts import Picture
from reelworks.media.probing.pictures import rotation
from reelworks.media.probing.reading import codec_names
from reelworks.media.probing.side_data import content

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.frame import VideoFrame

_MICROSECOND = Fraction(1, 1_000_000)

_DISPOSITIONS = (
    "default",
    "dub",
    "original",
    "comment",
    "lyrics",
    "karaoke",
    "forced",
    "hearing_impaired",
    "visual_impaired",
    "clean_effects",
    "attached_pic",
    "timed_thumbnails",
    "non_diegetic",
    "captions",
    "descriptions",
    "metadata",
    "dependent",
    "still_image",
    "multilayer",
)


def raw_of(
    container: InputContainer, path: Path, picture: Picture, frame: VideoFrame | None
) -> dict[str, Any]:
    """What ffprobe's ``-show_format -show_streams -show_chapters`` says of an open file.

    Args:
        picture: of the main video stream, whose colour and turn its first frame knows.
        frame: that frame.
    """
    names = codec_names(container, path)
    streams = [_stream(stream, names[stream.index]) for stream in container.streams]
    streams[picture.index] |= _main_video(picture, frame)
    return {
        "streams": streams,
        "chapters": [_chapter(chapter) for chapter in container.chapters()],
        "format": _format(container, path),
    }


def _format(container: InputContainer, path: Path) -> dict[str, Any]:
    return _known(
        filename=path.name,
        nb_streams=len(container.streams),
        format_name=container.format.name,
        format_long_name=container.format.long_name,
        start_time=_seconds(container.start_time, _MICROSECOND),
        duration=_seconds(container.duration, _MICROSECOND),
        size=str(path.stat().st_size),
        bit_rate=str(container.bit_rate) if container.bit_rate else None,
        tags=container.metadata or None,
    )


def _chapter(chapter: Any) -> dict[str, Any]:
    base = chapter["time_base"]
    return _known(
        id=chapter["id"],
        time_base=_ratio(base, "/"),
        start=chapter["start"],
        start_time=_seconds(chapter["start"], base),
        end=chapter["end"],
        end_time=_seconds(chapter["end"], base),
        tags=chapter["metadata"] or None,
    )


def _stream(stream: Stream, codec: str | None) -> dict[str, Any]:
    context = stream.codec_context
    kinds = {"video": _video, "audio": _audio}
    details = kinds[stream.type](stream) if context is not None and stream.type in kinds else {}
    return _known(
        index=stream.index,
        **_codec(stream, codec),
        codec_type=stream.type,
        **details,
        id=f"0x{stream.id:x}" if stream.id else None,
        time_base=_ratio(stream.time_base, "/"),
        start_pts=stream.start_time,
        start_time=_seconds(stream.start_time, stream.time_base),
        duration_ts=stream.duration,
        duration=_seconds(stream.duration, stream.time_base),
        bit_rate=str(context.bit_rate) if context is not None and context.bit_rate else None,
        nb_frames=str(stream.frames) if stream.frames else None,
        disposition={
            name: int(bool(stream.disposition & Disposition[name])) for name in _DISPOSITIONS
        },
        tags=stream.metadata or None,
    )


def _codec(stream: Stream, name: str | None) -> dict[str, Any]:
    """Name, profile and tag; a stream that libav has no decoder for may have none of them."""
    context = stream.codec_context
    if context is None:
        return {"codec_name": name} if name else {}
    return {
        "codec_name": name,
        "codec_long_name": context.codec.long_name,
        "profile": stream.profile,
        **_tag(context),
    }


def _tag(context: Any) -> dict[str, str]:
    try:
        tag: str = context.codec_tag
    except UnicodeDecodeError:
        return {}  # PyAV only reads tags that are ASCII
    if not tag.strip("\0"):
        return {"codec_tag_string": "[0][0][0][0]", "codec_tag": "0x0000"}
    number = int.from_bytes(tag.encode("ascii"), "little")
    shown = "".join(c if c.isalnum() or c in " ._-" else f"[{ord(c)}]" for c in tag)
    return {"codec_tag_string": shown, "codec_tag": f"0x{number:04x}"}


def _video(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    sample, display = stream.sample_aspect_ratio, stream.display_aspect_ratio
    return {
        "width": context.width,
        "height": context.height,
        "coded_width": context.coded_width or context.width,
        "coded_height": context.coded_height or context.height,
        "has_b_frames": int(context.has_b_frames),
        "sample_aspect_ratio": _ratio(sample, ":"),
        "display_aspect_ratio": _ratio(display, ":") if sample else None,
        "pix_fmt": context.pix_fmt,
        "level": context.level,
        "r_frame_rate": _ratio(stream.base_rate, "/") or "0/0",
        "avg_frame_rate": _ratio(stream.average_rate, "/") or "0/0",
    }


def _audio(stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    return {
        "sample_fmt": context.format.name if context.format else None,
        "sample_rate": str(context.sample_rate),
        "channels": context.channels,
        "channel_layout": context.layout.name,
        "r_frame_rate": "0/0",
        "avg_frame_rate": "0/0",
    }


def _main_video(picture: Picture, frame: VideoFrame | None) -> dict[str, Any]:
    """What the first picture adds to its stream."""
    return _known(
        color_range=picture.range,
        color_space=picture.matrix,
        color_transfer=picture.transfer,
        color_primaries=picture.primaries,
        field_order=picture.field_order,
        bits_per_raw_sample=str(picture.bit_depth),
        side_data_list=_side_data(picture, frame) or None,
    )


def _side_data(picture: Picture, frame: VideoFrame | None) -> list[dict[str, Any]]:
    found = []
    if frame is not None and (matrix := content(frame, Type.DISPLAYMATRIX)):
        entry = {"side_data_type": "Display Matrix", "displaymatrix": _matrix_text(matrix)}
        found.append(entry | {"rotation": rotation(frame)})
    if display := picture.hdr.get("mastering_display"):
        found.append({"side_data_type": "Mastering display metadata"} | display)
    if light := picture.hdr.get("content_light"):
        found.append({"side_data_type": "Content light level metadata"} | light)
    return found


def _matrix_text(matrix: bytes) -> str:
    numbers = struct.unpack_from("=9i", matrix)
    rows = (numbers[at : at + 3] for at in (0, 3, 6))
    lines = (
        f"{row:08d}: " + " ".join(f"{number:11d}" for number in numbers) + "\n"
        for row, numbers in enumerate(rows)
    )
    return "\n" + "".join(lines)


def _seconds(ticks: int | None, tick: Fraction | None) -> str | None:
    return f"{float(ticks * tick):.6f}" if ticks is not None and tick is not None else None


def _ratio(value: Fraction | None, sign: str) -> str | None:
    return f"{value.numerator}{sign}{value.denominator}" if value is not None else None


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
