"""Writes down what is known of a video, in the form that the API promises. Pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from reelworks.media.facts import Picture, Probe, Timing
from reelworks.media.measuring.measure import Measurement

# Containers round times to their own ticks: a rate this near to the declared one is that one.
_RATE_TOLERANCE = Fraction(1, 1000)

_FEW = 4
"""Pictures that may be missing from a steady stream, which keeps its rate: at the ends of what was
cut without encoding it anew, what they were made of lies outside."""


def describe(
    *,
    file_id: str,
    filename: str,
    size_bytes: int,
    sha256: str,
    probe: Probe,
    measurement: Measurement,
    enhancement: dict[str, Any] | None,
) -> dict[str, Any]:
    """The metadata of a video: exactly the API's keys, everything else inside ``advanced``.

    Args:
        file_id: its name in the system; empty where it has none.
        filename: as it was uploaded.
        size_bytes: its length.
        sha256: of its bytes, in hexadecimal digits.
        probe: with its packets counted.
        enhancement: the plan by which the video was enhanced, and its reasons; None without one.
    """
    width, height = probe.picture.displayed_size
    return {
        "file_id": file_id,
        "filename": filename,
        "format": probe.container,
        "resolution": {"width": width, "height": height},
        "fps": float(frame_rate(probe, measurement.frame_count)),
        "frame_count": measurement.frame_count,
        "duration_seconds": _rounded(probe.duration),
        "file_size_bytes": size_bytes,
        "bit_rate": bit_rate(size_bytes, probe.duration),
        "color_profile": _color_profile(measurement),
        "advanced": {
            **_raw(filename, probe),
            **_known(probe, measurement),
            "sha256": sha256,
            "enhancement": enhancement,
        },
    }


def frame_rate(probe: Probe, frame_count: int) -> Fraction:
    """The average rate in frames a second; 0 where nothing tells it.

    Args:
        frame_count: how many pictures decode.
    """
    declared, timing = probe.picture.average_rate, probe.timing
    if timing is None or timing.duration <= 0 or frame_count < 2:
        return declared or Fraction(0)
    measured = frame_count / timing.duration
    if declared is None or _is_near(measured, declared):
        return declared or measured
    return declared if _is_kept(probe.picture, timing, declared) else measured


def _is_near(measured: Fraction, declared: Fraction) -> bool:
    return abs(measured - declared) <= declared * _RATE_TOLERANCE


def _is_kept(picture: Picture, timing: Timing, declared: Fraction) -> bool:
    """Whether packets come at this rate, but for a few. Those that fail to decode do not change it,
    as at the front of a recording that begins between keyframes. Where not every packet has a time,
    their number alone tells it."""
    step = timing.usual * (2 if timing.fields else 1)
    is_usual = not timing.sound or abs(step - 1 / declared) <= picture.time_base
    return is_usual and abs(timing.pictures - declared * timing.duration) <= _FEW


def bit_rate(size_bytes: int, duration: Fraction) -> str:
    """Bits per second of the whole file, as digits; "0" where it has no duration."""
    return str(_rounded(size_bytes * 8 / duration)) if duration > 0 else "0"


def _rounded(value: Fraction) -> int:
    """To the nearest whole number, halves upwards."""
    return int(value + Fraction(1, 2))


def _color_profile(measurement: Measurement) -> dict[str, Any]:
    return {
        "histograms": {
            "b": list(measurement.blue),
            "g": list(measurement.green),
            "r": list(measurement.red),
        },
        "average_color": {
            "b": measurement.average_blue,
            "g": measurement.average_green,
            "r": measurement.average_red,
        },
    }


def _known(probe: Probe, measurement: Measurement) -> dict[str, Any]:
    """What was found out here, whoever wrote the raw part."""
    picture = probe.picture
    return {
        "duration": _seconds(probe.duration),
        "video": _video(probe, measurement),
        "rotation": picture.rotation,
        "sample_aspect_ratio": _ratio(picture.sample_aspect),
        "colour": _colour(picture, measurement),
        "hdr": picture.hdr or None,
        "damaged": _damage(probe, measurement),
    }


def _raw(filename: str, probe: Probe) -> dict[str, Any]:
    """ffprobe's JSON, with the name that the user knows instead of where the file lies here."""
    container = probe.raw.get("format", {}) | {"filename": filename}
    return probe.raw | {"format": container}


def _video(probe: Probe, measurement: Measurement) -> dict[str, Any]:
    """Of the stream that was measured."""
    timing = probe.timing
    return {
        "index": probe.picture.index,
        "codec": probe.picture.codec,
        "packets": timing.packets if timing else None,
        "frames": measurement.frame_count,
        "duration": _seconds(timing.duration) if timing else None,
        "constant_frame_rate": timing.constant if timing else None,
        "field_order": probe.picture.field_order,
        "alpha": probe.picture.alpha,
    }


def _colour(picture: Picture, measurement: Measurement) -> dict[str, Any]:
    """The colour tags, and how the measurement read the pictures where there are none."""
    return {
        "pixel_format": picture.pixel_format,
        "bit_depth": picture.bit_depth,
        "matrix": picture.matrix,
        "range": picture.range,
        "primaries": picture.primaries,
        "transfer": picture.transfer,
        "measured_as": {
            "matrix": measurement.matrix,
            "range": measurement.range,
            "sampling": measurement.sampling,
        },
    }


def _damage(probe: Probe, measurement: Measurement) -> dict[str, int] | None:
    """How much was lost to damage; None where there is none.

    Fewer pictures than packets alone say nothing: some packets are half a picture, or none.
    """
    pictures = probe.pictures
    if not measurement.complaints or measurement.frame_count >= pictures:
        return None
    return {"packets": pictures, "decoded": measurement.frame_count}


def _seconds(value: Fraction) -> str:
    """As ffprobe writes it: digits to the microsecond."""
    return f"{float(value):.6f}"


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}:{value.denominator}"
