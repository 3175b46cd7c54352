"""The whole command line of a plan, word by word."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.media.plans import AAC, VIDEO, forced, picture, plan_of, probe_of

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.command import cover_command, encode_command
from reelworks.media.encoding.filtering import filter_chain
from reelworks.media.facts import Probe, Stream, Timing
from reelworks.media.formats.allowed import input_arguments

SOURCE, TARGET, FFMPEG = Path("/in/a: b.mp4"), Path("/out/c.part"), Path("/bin/ffmpeg")
HEAD = [
    *("/bin/ffmpeg", "-nostdin", "-hide_banner", "-y", "-v", "warning"),
    *("-nostats", "-progress", "pipe:1", "-apply_cropping:0", "codec", "-max_error_rate", "1"),
]
NAMELESS = ["-metadata", "major_brand=", "-metadata", "minor_version="]
NAMELESS += ["-metadata", "compatible_brands="]
STEADY = "aresample=async=1:min_hard_comp=0.03"
ENGLISH = ["-metadata:s:a:0", "language=eng"]
TIME = ["-fps_mode:v:0", "passthrough", "-enc_time_base:v:0", "demux"]
SETTLED = ["-reinit_filter:0", "0"]
IN_ORDER = r"setpts='if(gt(PTS\,PREV_OUTPTS)+isnan(PREV_OUTPTS)\,PTS\,PREV_OUTPTS+1)'"
MUXING = ["-max_muxing_queue_size", "9999", "-copyinkf"]
UNSOUND = Timing(packets=9, duration=Fraction(1), sound=False, constant=True)


def sized(same: float, width: int = 320, height: int = 240) -> list[str]:
    """The filters that bring all pictures to one size."""
    wider = f"iw*{height}/ih/{width}"
    narrow = rf"if(lt({wider}\,1/{same})\,max(2*trunc({width}*{wider}/2)\,2)\,{width})"
    wide = rf"if(gt({wider}\,{same})\,max(2*trunc({height}/({wider})/2)\,2)\,{height})"
    fitting = f"scale=w={narrow}:h={wide}:eval=frame:interl=-1"
    return [fitting, f"pad={width}:{height}:-1:-1:eval=frame", "setsar=1"]


SIZE = ",".join(sized(1.03))


def command(probe: Probe, plan: Plan) -> list[str]:
    return encode_command(FFMPEG, probe, plan, SOURCE, TARGET)


def test_an_ordinary_mp4() -> None:
    probe = probe_of(picture(), VIDEO, AAC)
    plan = plan_of(probe, Analysis(pictures=9, noise=10.0, white=200.0, black=0.0), "a.mp4")
    assert command(probe, plan) == [
        *HEAD,
        *SETTLED,
        *input_arguments(SOURCE),
        *("-map", "0:0", "-map", "0:1", "-map_metadata", "0", "-map_chapters", "0"),
        *TIME,
        *MUXING,
        "-filter:v:0",
        (
            f"{SIZE},{IN_ORDER},format=yuv420p,nlmeans=s=6.87:p=5:r=5:enable=not(n),"
            "nlmeans=s=6.87:p=5:r=3:enable=n,"
            "atadenoise=0a=0.0505:0b=0.0606:1a=0.0505:1b=0.0606:2a=0.0505:2b=0.0606:s=7:a=s"
        ),
        *(
            "-c:v:0",
            "libx264",
            "-pix_fmt:v:0",
            "yuv420p",
            "-crf",
            "18",
            "-preset",
            "veryfast",
            "-g",
            "100",
        ),
        *("-x264-params", "stitchable=1"),
        *("-c:a:0", "copy", "-disposition:a:0", "default", *ENGLISH),
        *NAMELESS,
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
    plan = forced(probe, "a.mkv")
    assert encode_command(FFMPEG, probe, plan, SOURCE, TARGET, [Path("/tmp/4")]) == [
        *HEAD,
        *SETTLED,
        *input_arguments(SOURCE),
        *(part for index in (0, 1, 2, 3, 5) for part in ("-map", f"0:{index}")),
        *("-map_metadata", "0", "-map_chapters", "0"),
        *TIME,
        *MUXING,
        *("-filter:v:0", f"{SIZE},{IN_ORDER},format=yuv420p10le,fftdnoiz=sigma=1"),
        *("-c:v:0", "libx265", "-pix_fmt:v:0", "yuv420p10le"),
        *(
            "-crf",
            "18",
            "-preset",
            "superfast",
            "-a53cc",
            "1",
            "-g",
            "100",
        ),
        *("-x265-params", "log-level=error:info=0", "-dolbyvision", "0"),
        *("-metadata:s:v:0", "alpha_mode="),
        *("-c:a:0", "copy", "-disposition:a:0", "default", *ENGLISH),
        *("-c:a:1", "flac", "-filter:a:1", STEADY),
        *("-disposition:a:1", "default", "-metadata:s:a:1", "language=eng"),
        *("-c:s:0", "subrip", "-disposition:s:0", "0"),
        *("-c:t", "copy", "-attach", "file:/tmp/4"),
        *("-metadata:s:t:1", "filename=cover.jpg", "-metadata:s:t:1", "mimetype=image/jpeg"),
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
        *MUXING,
        "-filter:v:0",
        (
            f"{IN_ORDER},format=yuva420p,split[colours][whole];[whole]alphaextract[alpha];"
            "[colours]fftdnoiz=sigma=1[filtered];[filtered][alpha]alphamerge"
        ),
        *("-c:v:0", "libvpx-vp9", "-pix_fmt:v:0", "yuva420p"),
        *("-crf", "22", "-b:v", "0", "-deadline", "good", "-cpu-used", "5", "-row-mt", "1"),
        *("-g", "100"),
        *("-metadata:s:v:0", "alpha_mode="),
        *("-c:a:0", "copy", "-disposition:a:0", "default", *ENGLISH),
        *("-c:a:1", "libopus", "-b:a:1", "192k"),
        *("-filter:a:1", f"{STEADY},aformat=channel_layouts=mono|stereo|3.0|quad|5.0|5.1|6.1|7.1"),
        *("-disposition:a:1", "default", "-metadata:s:a:1", "language=eng"),
        *("-f", "webm", "file:/out/c.part"),
    ]


def test_rgb_gets_a_named_matrix() -> None:
    probe = probe_of(picture(pixel_format="rgb24"), container="avi")
    assert filter_chain(probe, forced(probe, "a.avi"))[:4] == [
        IN_ORDER,
        "scale=out_color_matrix=bt601:out_range=tv:flags=accurate_rnd+full_chroma_inp",
        "format=yuv444p",
        "setparams=colorspace=smpte170m:range=tv",
    ]


def test_unsound_timestamps_are_made_anew_first() -> None:
    probe = probe_of(picture(), container="mpeg", demuxer="mpeg", timing=UNSOUND)
    plan = forced(probe, "a.mpeg")
    line = command(probe, plan)
    assert filter_chain(probe, plan)[:5] == [
        *sized(2.0),
        "settb=1/1000",
        IN_ORDER,
    ]
    assert line[line.index("-enc_time_base:v:0") + 1] == "filter"


@pytest.mark.parametrize(
    "change", [{"rotation": 90}, {"pixel_format": "nv12"}, {"matrix": "ycgco"}]
)
def test_what_the_scaler_might_change_or_refuse_is_not_scaled(change: dict[str, Any]) -> None:
    probe = probe_of(picture(**change))
    plan = forced(probe, "a.mp4")
    assert not filter_chain(probe, plan)[0].startswith("scale")
    assert "-reinit_filter:0" not in command(probe, plan)


def test_an_even_rate_is_the_decoders() -> None:
    probe = probe_of(picture(index=1), container="h264", demuxer="h264", timing=UNSOUND)
    line = command(probe, forced(probe, "a.h264"))
    assert line[line.index("-r:1") + 1] == "25/1"
    assert line.index("-r:1") < line.index("-i")
    assert line[line.index("-enc_time_base:v:0") + 1] == "filter"


def test_fields_are_put_together_before_the_picture_is_turned() -> None:
    probe = probe_of(picture(rotation=90, width=1920, height=1080))
    plan = plan_of(probe, Analysis(pictures=9, interlaced="bff"), "a.mp4")
    assert filter_chain(probe, plan) == [
        *sized(1.03, 1920, 1080),
        IN_ORDER,
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


def test_covers_that_matroska_attaches_are_taken_out_first() -> None:
    assert cover_command(FFMPEG, SOURCE, 4, Path("/tmp/4")) == [
        *("/bin/ffmpeg", "-nostdin", "-hide_banner", "-y", "-v", "warning"),
        *input_arguments(SOURCE),
        *("-map", "0:4", "-c", "copy", "-frames:v", "1", "-f", "data"),
        "file:/tmp/4",
    ]


def test_tracks_keep_all_their_flags_and_titles() -> None:
    said = {
        "index": 1,
        "disposition": {"default": 0, "forced": 1, "comment": 1},
        "tags": {"title": "Director"},
    }
    streams = (VIDEO, replace(AAC, default=False))
    probe = probe_of(picture(), *streams, container="matroska", raw={"streams": [said]})
    line = command(probe, forced(probe, "a.mkv"))
    at = line.index("-c:a:0")
    assert line[at : at + 8] == [
        *("-c:a:0", "copy", "-disposition:a:0", "forced+comment"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:0", "title=Director"),
    ]


def test_quicktime_has_its_own_names_of_languages() -> None:
    probe = probe_of(picture(), VIDEO, replace(AAC, language="deu"), container="mov")
    assert "language=ger" in command(probe, forced(probe, "a.mov"))


def test_oggs_tags_become_the_files() -> None:
    said = {"index": 1, "tags": {"TITLE": "A film"}}
    probe = probe_of(picture(), container="ogg", demuxer="ogg", raw={"streams": [said]})
    assert "TITLE=A film" in command(probe, forced(probe, "a.ogv"))


def test_the_time_of_the_shot_is_said_once() -> None:
    said = {"format": {"tags": {"creation_time": "2020-01-02T03:04:05.000000Z"}}}
    probe = probe_of(picture(), raw=said)
    assert "creation_time=2020-01-02T03:04:05.000000Z" in command(probe, forced(probe, "a.mp4"))


def test_reordered_avi_starts_at_zero() -> None:
    said = {"streams": [{"index": 0, "has_b_frames": 2}]}
    probe = probe_of(picture(), container="avi", demuxer="avi", raw=said)
    line = command(probe, forced(probe, "a.avi"))
    assert line[line.index("-filter:v:0") + 1].startswith("setpts=PTS-STARTPTS,")


def test_a_first_picture_before_the_beginning_is_shown_all_the_same() -> None:
    timing = Timing(
        packets=9, duration=Fraction(1), sound=True, constant=True, early=Fraction(1, 20)
    )
    probe = probe_of(picture(), timing=timing)
    line = command(probe, forced(probe, "a.mp4"))
    assert line[line.index("-itsoffset") + 1] == "0.050000"
    assert line.index("-itsoffset") < line.index("-i")
