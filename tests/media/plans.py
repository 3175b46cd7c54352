"""Probes, analyses and plans for tests that need no file."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Filter, Plan
from reelworks.media.deciding.planning import encode_plan, make_plan
from reelworks.media.deciding.remedies import choose_filters
from reelworks.media.facts import Picture, Probe, Stream, Timing
from reelworks.media.formats import pixels

VIDEO = Stream(index=0, kind="video", codec="h264", default=True)
AAC = Stream(index=1, kind="audio", codec="aac", language="eng", default=True)
LIGHT = (Filter(name="denoise", expression="fftdnoiz=sigma=1", strength=1.0, reason="A test."),)

PICTURE: dict[str, Any] = {
    "index": 0,
    "codec": "h264",
    "width": 320,
    "height": 240,
    "rotation": 0,
    "sample_aspect": Fraction(1),
    "pixel_format": "yuv420p",
    "bit_depth": 8,
    "alpha": False,
    "matrix": None,
    "range": None,
    "primaries": None,
    "transfer": None,
    "field_order": None,
    "time_base": Fraction(1, 12800),
    "average_rate": Fraction(25),
}


def picture(**changes: Any) -> Picture:
    return Picture(**PICTURE | changes)


def probe_of(pic: Picture, *streams: Stream, **changes: Any) -> Probe:
    """A sound MP4 of these streams."""
    values: dict[str, Any] = {
        "container": "mp4",
        "demuxer": "mov,mp4,m4a,3gp,3g2,mj2",
        "size_bytes": 1000,
        "duration": Fraction(1),
        "picture": pic,
        "timing": Timing(packets=25, duration=Fraction(1), sound=True, constant=True),
        "streams": streams or (VIDEO,),
        "raw": {},
    }
    return Probe(**values | changes)


def forced(
    probe: Probe, name: str, filters: tuple[Filter, ...] = LIGHT, analysis: Analysis | None = None
) -> Plan:
    """The plan that encodes the clip, whether it needs it or not."""
    form = pixels.describe(probe.picture.pixel_format)
    assert form is not None
    return encode_plan(probe, form, filters, analysis or Analysis(), name, Options.of())


def plan_of(probe: Probe, analysis: Analysis, name: str, **wishes: Any) -> Plan:
    """What ``auto`` makes of it, with single wishes over it."""
    return make_plan(probe, analysis, name, Options.of(**wishes))


def filters_of(pic: Picture, analysis: Analysis, **wishes: Any) -> tuple[Filter, ...]:
    """The filters that ``auto`` chooses, with single wishes over it."""
    return choose_filters(pic, analysis, Options.of(**wishes))
