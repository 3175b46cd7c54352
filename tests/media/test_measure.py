"""Measured colours are the true ones, and every picture that decodes is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.clips import both_eyes, clip, lavfi, make_clip, plain, toolbox
from tests.media.boxes import cropped

from reelworks.errors import ChildFailed
from reelworks.media.measuring.measure import Measurement, measure, sampled_size, sampling
from reelworks.media.probing.probe import probe

COLOUR = (200, 90, 40)
LEVELS = 2


def measured(path: Path) -> Measurement:
    return measure(toolbox(), path, probe(toolbox(), path, count=True), lambda _: None)


def average(measurement: Measurement) -> tuple[int, int, int]:
    return measurement.average_red, measurement.average_green, measurement.average_blue


def off_by(measurement: Measurement) -> int:
    """The largest error of a channel, in levels."""
    return max(abs(a - b) for a, b in zip(average(measurement), COLOUR, strict=True))


def one_colour(suffix: str, size: str, convert: str, *arguments: str) -> Path:
    """A clip of one known colour; the conversion to Y'CbCr is spelled out, not left to luck."""
    red, green, blue = COLOUR
    source = f"color=0x{red:02x}{green:02x}{blue:02x}:size={size}:rate=10:duration=0.5,format=gbrp"
    return clip(suffix, *lavfi(f"{source},{convert}"), *arguments)


def converted(matrix: str, value_range: str, pixels: str) -> str:
    return f"scale=out_color_matrix={matrix}:out_range={value_range},format={pixels}"


TAGGED = ("-c:v", "libx264", "-qp", "1")
# A rawvideo stream in AVI has no place for colour tags.
UNTAGGED = ("-c:v", "rawvideo")


@pytest.mark.parametrize("matrix", ["bt709", "bt470bg", "bt2020nc", "smpte240m"])
@pytest.mark.parametrize("value_range", ["tv", "pc"])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p10le"])
def test_the_tags_of_the_stream_are_honoured(matrix: str, value_range: str, pixels: str) -> None:
    film = one_colour(".mkv", "320x240", converted(matrix, value_range, pixels), *TAGGED)

    found = measured(film)

    assert (found.matrix, found.range) == (matrix, value_range)
    assert off_by(found) <= LEVELS


def test_edges_that_the_container_hides_are_measured_too(tmp_path: Path) -> None:
    framed = "color=red:size=96x64:rate=10:duration=0.5,drawbox=color=lime:t=16,format=yuv420p"
    film = clip(".mp4", *lavfi(framed), *TAGGED)

    found = measured(cropped(film, 64, 32, tmp_path / "a.mkv"))

    assert average(found) == average(measured(film))


@pytest.mark.parametrize(
    ("size", "matrix"), [("1280x720", "bt709"), ("1280x718", "smpte170m"), ("720x576", "smpte170m")]
)
def test_an_untagged_clip_is_read_by_its_size(size: str, matrix: str) -> None:
    found = measured(one_colour(".avi", size, converted(matrix, "tv", "yuv420p"), *UNTAGGED))

    assert (found.matrix, found.range) == (matrix, "tv")
    assert off_by(found) <= LEVELS


@pytest.mark.parametrize(
    ("tags", "matrix"),
    [
        ("colorspace=ycgco", "smpte170m"),
        ("colorspace=bt2020c", "bt2020c"),
        ("color_trc=log316", "smpte170m"),
    ],
)
def test_tags_that_the_scaler_refuses_do_not_stop_it(tags: str, matrix: str) -> None:
    shown = f"testsrc=size=64x48:rate=5:duration=0.4,format=yuv420p,setparams={tags}"
    found = measured(clip(".mp4", *lavfi(shown), "-c:v", "libx264"))
    assert (found.frame_count, found.matrix) == (2, matrix)


@pytest.mark.parametrize(
    ("suffix", "pixels", "codec"),
    [(".mkv", "gbrp", "ffv1"), (".avi", "bgr24", "rawvideo"), (".gif", "pal8", "gif")],
)
def test_rgb_needs_no_matrix(suffix: str, pixels: str, codec: str) -> None:
    convert = "split[a][b];[a]palettegen[p];[b][p]paletteuse" if pixels == "pal8" else "null"
    film = one_colour(suffix, "320x240", convert, "-c:v", codec, "-pix_fmt", pixels)

    found = measured(film)

    assert (found.matrix, found.range) == (None, "pc")
    assert off_by(found) <= LEVELS


def test_motion_jpeg_is_full_range() -> None:
    convert = converted("smpte170m", "pc", "yuvj420p")
    found = measured(one_colour(".mov", "320x240", convert, "-c:v", "mjpeg", "-q:v", "1"))

    assert found.range == "pc"
    assert off_by(found) <= LEVELS


def test_grey_stays_grey() -> None:
    grey = lavfi("color=gray:size=64x64:duration=0.2,format=gray")
    found = measured(clip(".mkv", *grey, "-c:v", "ffv1"))

    assert len(set(average(found))) == 1


def test_shares_sum_to_one_and_are_where_the_colour_is() -> None:
    found = measured(one_colour(".mkv", "320x240", "null", "-c:v", "ffv1", "-pix_fmt", "gbrp"))

    for shares, level in zip((found.red, found.green, found.blue), COLOUR, strict=True):
        assert len(shares) == 256
        assert sum(shares) == pytest.approx(1)
        assert shares[level] == pytest.approx(1)


def test_all_pictures_count_not_only_the_first() -> None:
    halves = (
        "color=black:size=64x64:rate=10:duration=1[a];color=white:size=64x64:rate=10:duration=1"
    )
    film = clip(".mkv", *lavfi(f"{halves}[b];[a][b]concat,format=gbrp"), "-c:v", "ffv1")

    found = measured(film)

    assert found.frame_count == 20
    assert found.red[0] == found.red[255] == pytest.approx(0.5)
    assert average(found) == (128, 128, 128)


def test_counts_one_frame() -> None:
    still = clip(".mp4", *lavfi("testsrc=size=320x240"), "-frames:v", "1")

    assert measured(still).frame_count == 1


def test_counts_frames_of_varying_spacing() -> None:
    drop = "select=not(eq(mod(n\\,5)\\,1))"
    second = lavfi("testsrc=size=320x240:rate=25:duration=1")

    found = measured(clip(".mp4", *second, "-vf", drop, "-fps_mode", "vfr"))

    assert found.frame_count == 20
    assert found.complaints == ""


def test_counts_frames_at_the_same_time() -> None:
    # Two pictures within a tick: nothing may be dropped to make times unique.
    second = lavfi("testsrc=size=64x64:rate=25:duration=1,setpts=floor(N/2)/(25*TB)")

    film = clip(".nut", *second, "-fps_mode", "passthrough", "-c:v", "ffv1")

    assert measured(film).frame_count == 25


@pytest.mark.parametrize("size", ["161x121", "1x1", "2x480", "853x479", "1366x768"])
def test_odd_sizes(size: str) -> None:
    film = one_colour(".mkv", size, "format=gbrp", "-c:v", "ffv1")

    found = measured(film)

    assert found.frame_count == 5
    assert off_by(found) == 0


def test_a_size_that_changes_on_the_way_loses_no_frame(tmp_path: Path) -> None:
    streams = [
        clip(".ts", *lavfi(f"color=0x808080:size={size}:rate=10:duration=1"), "-c:v", "libx264")
        for size in ("320x240", "640x480", "160x120")
    ]
    film = tmp_path / "film.ts"
    film.write_bytes(b"".join(stream.read_bytes() for stream in streams))

    found = measured(film)

    assert found.frame_count == 30
    assert max(abs(level - 128) for level in average(found)) <= LEVELS


def test_a_turned_clip_measures_the_same(tmp_path: Path) -> None:
    turned = make_clip(
        tmp_path / "turned.mp4", "-display_rotation", "90", "-i", str(plain()), "-c", "copy"
    )

    assert measured(turned).red == measured(plain()).red


def test_progress_counts_up_to_all_pictures() -> None:
    seen: list[int] = []

    measure(toolbox(), plain(), probe(toolbox(), plain(), count=True), seen.append)

    assert seen == sorted(set(seen))
    assert seen[-1] == 25


def test_damage_is_counted_and_told(tmp_path: Path) -> None:
    film = clip(".ts", *lavfi("testsrc=size=320x240:rate=25:duration=2"), "-g", "5")
    stream = bytearray(film.read_bytes())
    middle = len(stream) // 2 // 188 * 188
    stream[middle : middle + 188 * 60] = bytes(188 * 60)
    damaged = tmp_path / "damaged.ts"
    damaged.write_bytes(stream)

    found = measured(damaged)

    assert 0 < found.frame_count < 50
    assert found.complaints


def test_nothing_to_measure_is_an_error(tmp_path: Path) -> None:
    known = probe(toolbox(), plain(), count=False)
    sound = make_clip(tmp_path / "a.mp4", *lavfi("sine=duration=0.2"))

    with pytest.raises(ChildFailed):
        measure(toolbox(), sound, known, lambda _: None)


@pytest.mark.parametrize(
    ("size", "packets", "step", "taken"),
    [
        ((1920, 1080), 1, 1, (1920, 1080)),
        ((1920, 1080), 100, 3, (638, 358)),
        ((1920, 1080), 100_000, 5, (382, 214)),
        ((640, 360), 100_000, 3, (212, 118)),
        ((320, 240), 100_000, 1, (320, 240)),
    ],
)
def test_short_clips_are_taken_whole_and_long_ones_sparsely(
    size: tuple[int, int], packets: int, step: int, taken: tuple[int, int]
) -> None:
    width, height = size
    found = probe(toolbox(), plain(), count=True)
    assert found.timing is not None
    film = replace(
        found,
        picture=replace(found.picture, width=width, height=height),
        timing=replace(found.timing, packets=packets),
    )

    assert sampling(film) == step
    assert sampled_size(film) == taken


@pytest.mark.parametrize(
    "scene",
    [
        "mandelbrot=size=1280x720:rate=10",
        # A slide of which a fixed grid sees nothing but lines, or none.
        "color=0x404040:size=1280x720:rate=10,drawgrid=width=8:height=8:thickness=2:color=white",
    ],
)
def test_a_sparse_sample_has_the_shares_of_the_whole(scene: str) -> None:
    film = clip(
        ".mkv",
        *lavfi(f"{scene},format=yuv420p"),
        *("-t", "3.2", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0"),
    )
    counted = probe(toolbox(), film, count=True)

    whole = measure(toolbox(), film, counted, lambda _: None)
    sparse = measure(toolbox(), film, replace(counted, timing=None), lambda _: None)

    assert (whole.sampling, sparse.sampling) == (1, 3)
    assert sum(abs(a - b) for a, b in zip(whole.red, sparse.red, strict=True)) / 2 < 0.01


def test_pictures_for_two_eyes_are_counted_whoever_says_that_they_are() -> None:
    film = lavfi("testsrc2=size=64x48:rate=25:duration=0.2")
    assert measured(clip(".mkv", *film, *both_eyes())).frame_count == 5
