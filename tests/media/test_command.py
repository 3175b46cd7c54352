"""The whole command line of a plan, word by word."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from tests.media.plans import AAC, VIDEO, forced, picture, plan_of, probe_of

from reelworks.media.allowed import input_arguments
from reelworks.media.analyse import Analysis
from reelworks.media.command import encode_command, filter_chain
from reelworks.media.facts import Probe, Stream, Timing
from reelworks.media.plan import Plan

SOURCE, TARGET, FFMPEG = Path("/in/a: b.mp4"), Path("/out/c.part"), Path("/bin/ffmpeg")
HEAD = [
    *("/bin/ffmpeg", "-nostdin", "-hide_banner", "-y", "-v", "warning"),
    *("-nostats", "-progress", "pipe:1", "-max_error_rate", "1"),
]
TIME = ["-fps_mode:v:0", "passthrough", "-enc_time_base:v:0", "demux"]
QUEUE = ["-max_muxing_queue_size", "9999"]
UNSOUND = Timing(packets=9, duration=Fraction(1), sound=False, constant=True)


def command(probe: Probe, plan: Plan) -> list[str]:
    return encode_command(FFMPEG, probe, plan, SOURCE, TARGET)


def test_an_ordinary_mp4() -> None:
    probe = probe_of(picture(), VIDEO, AAC)
    plan = plan_of(probe, Analysis(pictures=9, noise=10.0, white=200.0, black=0.0), "a.mp4")
    assert command(probe, plan) == [
        *HEAD,
        *input_arguments(SOURCE),
        *("-map", "0:0", "-map", "0:1", "-map_metadata", "0", "-map_chapters", "0"),
        *TIME,
        *QUEUE,
        *("-filter:v:0", "format=yuv420p,fftdnoiz=sigma=16.0"),
        *("-c:v:0", "libx264", "-pix_fmt:v:0", "yuv420p", "-preset", "veryfast", "-crf", "18"),
        *("-c:a:0", "copy"),
        *("-movflags", "+faststart", "-f", "mp4", "file:/out/c.part"),
    ]


def test_a_matroska_with_everything() -> None:
    streams = (
        VIDEO,
        AAC,
        replace(AAC, index=2, codec="adpcm_ms"),
        Stream(index=3, kind="subtitle", codec="mov_text", text=True),
        Stream(index=4, kind="video", codec="mjpeg", attached_picture=True),
        Stream(index=5, kind="attachment", codec="ttf"),
    )
    tags = {"filename": "f.ttf", "mimetype": "font/ttf"}
    probe = probe_of(
        picture(pixel_format="yuv420p10le", bit_depth=10),
        *streams,
        container="matroska",
        raw={"streams": [{"index": 5, "tags": tags}]},
    )
    assert command(probe, forced(probe, "a.mkv")) == [
        *HEAD,
        *input_arguments(SOURCE),
        *(part for index in range(6) for part in ("-map", f"0:{index}")),
        *("-map_metadata", "0", "-map_chapters", "0"),
        *TIME,
        *QUEUE,
        *("-filter:v:0", "format=yuv420p10le,fftdnoiz=sigma=1"),
        *("-c:v:0", "libx265", "-pix_fmt:v:0", "yuv420p10le"),
        *("-preset", "superfast", "-crf", "18"),
        *("-x265-params", "log-level=error", "-dolbyvision", "0"),
        *("-c:a:0", "copy", "-c:a:1", "flac", "-c:s:0", "subrip"),
        *("-c:v:1", "copy", "-disposition:v:1", "attached_pic", "-c:t", "copy"),
        *("-f", "matroska", "file:/out/c.part"),
    ]


def test_a_webm_with_transparency() -> None:
    opus = replace(AAC, codec="opus")
    probe = probe_of(picture(codec="vp9", alpha=True), VIDEO, opus, AAC, container="webm")
    assert command(probe, forced(probe, "a.webm")) == [
        *HEAD,
        *("-c:0", "libvpx-vp9"),
        *input_arguments(SOURCE),
        *("-map", "0:0", "-map", "0:1", "-map", "0:1", "-map_metadata", "0", "-map_chapters", "0"),
        *TIME,
        *QUEUE,
        *("-filter:v:0", "format=yuva420p,fftdnoiz=sigma=1"),
        *("-c:v:0", "libvpx-vp9", "-pix_fmt:v:0", "yuva420p"),
        *("-crf", "22", "-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1"),
        *("-metadata:s:v:0", "alpha_mode="),
        *("-c:a:0", "copy", "-c:a:1", "libopus", "-b:a:1", "192k"),
        *("-filter:a:1", "aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"),
        *("-f", "webm", "file:/out/c.part"),
    ]


def test_rgb_gets_a_named_matrix() -> None:
    probe = probe_of(picture(pixel_format="rgb24"), container="avi")
    assert filter_chain(probe.picture, forced(probe, "a.avi"))[:3] == [
        "scale=out_color_matrix=bt601:out_range=tv:flags=accurate_rnd+full_chroma_inp",
        "format=yuv444p",
        "setparams=colorspace=smpte170m:range=tv",
    ]


@pytest.mark.parametrize(
    ("demuxer", "chain"),
    [
        ("h264", ["settb=1/25", "setpts=N"]),
        ("mpeg", ["settb=1/1000", r"setpts='if(eq(N\,0)\,PTS\,max(PTS\,PREV_OUTPTS+1))'"]),
    ],
)
def test_unsound_timestamps_are_made_anew_first(demuxer: str, chain: list[str]) -> None:
    probe = probe_of(picture(), container=demuxer, demuxer=demuxer, timing=UNSOUND)
    plan = forced(probe, f"a.{demuxer}")
    line = command(probe, plan)
    assert filter_chain(probe.picture, plan)[:2] == chain
    assert line[line.index("-enc_time_base:v:0") + 1] == "filter"


def test_fields_are_put_together_before_the_picture_is_turned() -> None:
    probe = probe_of(picture(rotation=90))
    plan = plan_of(probe, Analysis(pictures=9, interlaced="bff"), "a.mp4")
    assert filter_chain(probe.picture, plan) == [
        "bwdif=mode=send_frame:parity=bff:deint=all",
        "transpose=clock",
        "format=yuv420p",
    ]
    line = command(probe, plan)
    assert line[line.index("-display_rotation:0") + 1] == "0"


def test_a_cameras_transport_stream_keeps_its_time_codes() -> None:
    probe = probe_of(picture(), container="mpegts", demuxer="mpegts")
    assert command(probe, forced(probe, "a.mts"))[-5:] == [
        *("-mpegts_m2ts_mode", "1", "-f", "mpegts", "file:/out/c.part")
    ]
