"""The proof: likeness agrees with FFmpeg's own filters, and stills show what a player shows."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from tests.clips import clip, lavfi, make_clip, toolbox

from reelworks.errors import ChildFailed
from reelworks.media.probing.probe import probe
from reelworks.media.proving import pairing, proving, similarity
from reelworks.media.proving.proof import SAME, Fidelity, Proof, prove

X264 = ("-c:v", "libx264", "-preset", "ultrafast")
FINE = (*X264, "-crf", "4")
MOVING = "testsrc2=size=320x240:rate=25:duration=0.3,format=yuv420p"
GREY = "color=c=gray:size=320x240:duration=0.2"


def proved(source: Path, result: Path, folder: Path, **changes: Any) -> Proof:
    """Prove with both stills in a folder."""
    found = probe(toolbox(), source, count=True)
    wanted: dict[str, Any] = {
        "is_copy": False,
        "exact": True,
        "poster": folder / "poster.jpg",
        "compare": folder / "compare.png",
    }
    return prove(toolbox(), source, found, result, **wanted | changes)


def fidelity(source: Path, result: Path, folder: Path, **changes: Any) -> Fidelity:
    found = proved(source, result, folder, **changes).fidelity
    assert found is not None
    return found


def picture(path: Path) -> Any:
    """A still's pixels as R, G, B."""
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")


def said_by_ffmpeg(source: Path, result: Path) -> tuple[float, float]:
    """PSNR and SSIM of luma by FFmpeg's filters, over all pictures."""
    graph = "[0][1]psnr;[0][1]ssim"
    command = [str(toolbox().ffmpeg), "-nostdin", "-i", str(result), "-i", str(source)]
    command += ["-filter_complex", graph, "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    psnr, ssim = re.search(r"PSNR y:(\S+)", said), re.search(r"SSIM Y:(\S+)", said)
    assert psnr is not None
    assert ssim is not None
    return float(psnr[1]), float(ssim[1])


# Likeness


@pytest.mark.parametrize("crf", ["20", "34", "48"])
def test_likeness_agrees_with_ffmpegs_filters(tmp_path: Path, crf: str) -> None:
    source = clip(".mp4", *lavfi(f"{MOVING},noise=alls=10:allf=t:all_seed=1"), *FINE)
    result = make_clip(tmp_path / "result.mp4", "-i", str(source), *X264, "-crf", crf)
    found = fidelity(source, result, tmp_path)
    psnr, ssim = said_by_ffmpeg(source, result)
    assert found.frames == 8  # all that there are
    assert found.psnr_y == pytest.approx(psnr, abs=0.01)
    assert found.ssim_y == pytest.approx(ssim, abs=0.0002)


def test_likeness_of_deep_pictures_agrees_too(tmp_path: Path) -> None:
    deep = ("-pix_fmt", "yuv420p10le")
    noisy = MOVING.replace("yuv420p", "yuv420p10le") + ",noise=alls=10:allf=t:all_seed=1"
    source = clip(".mkv", *lavfi(noisy), "-c:v", "ffv1", *deep)
    result = make_clip(tmp_path / "result.mkv", "-i", str(source), *X264, "-crf", "30", *deep)
    found = fidelity(source, result, tmp_path)
    psnr, ssim = said_by_ffmpeg(source, result)
    # FFmpeg counts to 1023, which is 255.75 here.
    assert found.psnr_y == pytest.approx(psnr, abs=0.05)
    assert found.ssim_y == pytest.approx(ssim, abs=0.002)


def test_pictures_without_a_difference_are_identical(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    result = make_clip(tmp_path / "result.mkv", "-i", str(source), "-c", "copy")
    assert fidelity(source, result, tmp_path) == Fidelity(
        identical=True, psnr_y=None, ssim_y=1.0, frames=8
    )


def test_pictures_smaller_than_a_window_have_no_similarity() -> None:
    tiny = np.zeros((6, 40), np.uint8)
    assert similarity.ssim(tiny, tiny) is None


def test_psnr_of_a_known_error() -> None:
    one, other = np.zeros((8, 8), np.uint8), np.full((8, 8), 255, np.uint8)
    assert similarity.psnr(similarity.mean_squared_error(one, other)) == 0.0
    assert similarity.psnr(1.0) == pytest.approx(48.1308, abs=1e-4)


TURNS = [(angle, flip) for angle in (0, 90, 180, 270) for flip in ((), ("-display_hflip",))]


@pytest.mark.parametrize(("angle", "flip"), TURNS)
def test_a_turned_source_is_compared_upright(
    tmp_path: Path, angle: int, flip: tuple[str, ...]
) -> None:
    plain = clip(".mp4", *lavfi(MOVING), *FINE)
    turn = ("-display_rotation", str(angle), *flip, "-i", str(plain), "-c", "copy")
    source = make_clip(tmp_path / "source.mp4", *turn)
    result = make_clip(tmp_path / "result.mp4", "-i", str(source), *FINE)
    found = proved(source, result, tmp_path)
    assert found.fidelity is not None
    assert (found.fidelity.psnr_y or 99) > 40
    height, width = (320, 240) if angle in (90, 270) else (240, 320)
    poster = picture(tmp_path / "poster.jpg")
    assert poster.shape == (height, width, 3)
    both = picture(tmp_path / "compare.png").astype(int)
    # A wrong turn differs by tens of levels; a mirrored one has its chroma half a pixel aside.
    assert np.abs(both[:, :width] - both[:, -width:]).mean() < 6


@pytest.mark.parametrize("form", ["gbrp", "yuv444p", "yuvj420p", "yuv422p10le", "uyvy422", "bgra"])
def test_every_kind_of_pixel_can_be_compared(tmp_path: Path, form: str) -> None:
    coder = "rawvideo" if form == "uyvy422" else "ffv1"
    suffix = ".avi" if form == "uyvy422" else ".mkv"
    source = clip(suffix, *lavfi(MOVING), "-pix_fmt", form, "-c:v", coder)
    result = make_clip(
        tmp_path / "result.mp4",
        *("-i", str(source), "-pix_fmt", "yuv420p", *X264, "-crf", "1"),
        *("-vf", "scale=out_color_matrix=smpte170m"),
    )
    assert (fidelity(source, result, tmp_path, exact=False).psnr_y or 99) > 38


@pytest.mark.parametrize("form", ["gray", "ya8", "gray10le"])
def test_grey_whose_range_is_said_keeps_its_levels(tmp_path: Path, form: str) -> None:
    # Matroska says of grey that it is full range, and encoding keeps it so.
    source = clip(".mkv", *lavfi(MOVING), "-pix_fmt", form, "-c:v", "ffv1")
    kept = "scale=in_range=pc:out_range=pc,format=yuv420p,setparams=range=pc"
    result = make_clip(tmp_path / "result.mkv", "-i", str(source), "-vf", kept, *X264, "-crf", "1")
    assert (fidelity(source, result, tmp_path, exact=False).psnr_y or 99) > 38


def test_a_line_that_was_added_is_left_out(tmp_path: Path) -> None:
    source = clip(".mkv", *lavfi("testsrc2=size=161x121:rate=25:duration=0.3"), "-c:v", "ffv1")
    result = make_clip(
        tmp_path / "r.mp4", "-i", str(source), "-vf", "format=yuv420p,pad=162:122", *FINE
    )
    assert (fidelity(source, result, tmp_path).psnr_y or 99) > 38


@pytest.mark.parametrize("times", [2, 4])
def test_an_enlarged_result_is_compared_at_its_sources_size(tmp_path: Path, times: int) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    result = make_clip(
        tmp_path / "result.mp4",
        *("-i", str(source), "-vf", f"scale=iw*{times}:ih*{times}:flags=neighbor", *FINE),
    )
    found = proved(source, result, tmp_path)
    assert found.fidelity is not None
    assert (found.fidelity.psnr_y or 99) > 40
    both = picture(tmp_path / "compare.png")
    assert both.shape[0] == 240 * times  # before is as large as after


def test_of_pictures_that_change_their_size_the_same_are_compared(tmp_path: Path) -> None:
    source = tmp_path / "a.h264"
    raw = ("-pix_fmt", "yuv420p", *FINE)
    sizes = ("320x240", "240x180", "160x120")
    films = (lavfi(f"testsrc2=size={size}:rate=25:duration=0.2") for size in sizes)
    source.write_bytes(b"".join(clip(".h264", *film, *raw).read_bytes() for film in films))
    result = make_clip(tmp_path / "result.mp4", "-i", str(source), "-vf", "scale=320:240", *FINE)
    found = fidelity(source, result, tmp_path, exact=False)
    assert (found.psnr_y or 99) > 28
    assert 0 < found.frames < 8


def test_what_cannot_be_compared_is_still_shown(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    result = make_clip(tmp_path / "result.mp4", "-i", str(source), "-vf", "scale=200:200", *FINE)
    assert proved(source, result, tmp_path) == Proof(fidelity=None, poster=True, compare=True)


# Pictures found again


def numbered(suffix: str, *settings: str) -> Path:
    """Twenty seconds whose pictures all differ, under settings of their own."""
    pictures = "testsrc2=size=160x120:rate=25:duration=20,format=yuv420p"
    return clip(suffix, *lavfi(pictures), "-c:v", "libx264", "-crf", "1", *settings)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
def test_the_same_pictures_are_found_by_seeking(
    monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(pairing, "_SHORT_PIXELS", 0)
    source = numbered(suffix, "-g", "30", "-bf", "2", "-sc_threshold", "0")
    result = numbered(".mp4", "-g", "37", "-sc_threshold", "0")
    decoded: list[int] = []
    found = proving.prove(
        decoded.append,
        source=str(source),
        index=0,
        result=str(result),
        count=500,
        seconds="20",
        exact=True,
        poster=None,
        compare=None,
    )["fidelity"]
    assert found["frames"] >= 5
    assert found["psnr_y"] > 45
    assert len(decoded) < 500  # half of what both films have


def test_few_places_are_compared_where_keyframes_are_far_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairing, "_SHORT_PIXELS", 0)
    monkeypatch.setattr(pairing, "_CATCH_UP_PIXELS", 0)
    arguments: dict[str, Any] = {"index": 0, "count": 500, "seconds": "20", "exact": True}
    found = proving.prove(
        lambda _: None,
        source=str(numbered(".mp4", "-g", "60", "-sc_threshold", "0")),
        result=str(numbered(".mp4", "-g", "47", "-sc_threshold", "0")),
        poster=None,
        compare=None,
        **arguments,
    )
    assert found["fidelity"]["frames"] == 1  # the beginning, where both have one


def test_without_keyframes_on_the_way_places_are_reached_from_the_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pairing, "_SHORT_PIXELS", 0)
    film, result = numbered(".mp4", "-g", "999"), numbered(".mkv", "-g", "999")
    arguments: dict[str, Any] = {"index": 0, "count": 500, "seconds": "20", "exact": True}
    decoded: list[int] = []
    found = proving.prove(
        decoded.append,
        source=str(film),
        result=str(result),
        poster=None,
        compare=None,
        **arguments,
    )["fidelity"]
    assert found["frames"] == 8
    assert found["psnr_y"] is None or found["psnr_y"] > 45
    assert len(decoded) <= 1000  # each picture once


def test_pictures_of_avi_are_found_by_their_number(tmp_path: Path) -> None:
    # Those that are shown in another order, libav gives times that are not quite theirs.
    reordered = (*lavfi(MOVING), "-c:v", "libx264", "-crf", "4", "-bf", "2", "-b_strategy", "0")
    source = clip(".avi", *reordered)
    result = make_clip(tmp_path / "result.mp4", "-i", str(source), *FINE, "-vf", "setpts=N/25/TB")
    assert (fidelity(source, result, tmp_path).psnr_y or 99) > 45


def test_pictures_without_times_are_found_by_their_number(tmp_path: Path) -> None:
    source = clip(".h264", *lavfi(MOVING), *FINE)
    result = make_clip(tmp_path / "result.mp4", "-r", "50", "-i", str(source), "-c", "copy")
    found = fidelity(source, result, tmp_path, exact=False)
    assert (found.identical, found.frames) == (True, 8)


# Stills


def test_of_a_copy_both_halves_are_the_same(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    found = proved(source, source, tmp_path, is_copy=True)
    assert found == Proof(fidelity=SAME, poster=True, compare=True)
    both = picture(tmp_path / "compare.png")
    assert (both[:, :320] == both[:, -320:]).all()
    assert picture(tmp_path / "poster.jpg").shape == (240, 320, 3)


def test_of_a_copy_nothing_is_decoded_unless_a_still_is_wanted(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    found = probe(toolbox(), source, count=True)
    gone = tmp_path / "gone.mp4"
    assert prove(toolbox(), gone, found, gone, is_copy=True, exact=True).fidelity == SAME


def test_before_is_on_the_left_and_after_on_the_right(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi("color=c=red:size=320x240:duration=0.2"), *FINE)
    result = make_clip(tmp_path / "r.mp4", *lavfi("color=c=blue:size=320x240:duration=0.2"), *FINE)
    proved(source, result, tmp_path)
    both = picture(tmp_path / "compare.png").astype(int)
    (red, _, _), (_, _, blue) = both[120, 160], both[120, -160]
    assert min(red, blue) > 240
    middle = both[120, 320]
    assert middle.min() == middle.max()  # the line between them is grey


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ("720x576", "64/45", (1024, 576)),
        ("320x240", "1/2", (320, 480)),
        ("1440x1080", "4/3", (1280, 720)),
        ("2560x1440", "1", (1280, 720)),
        ("1080x1920", "1", (720, 1280)),
    ],
)
def test_a_poster_has_the_displayed_shape_and_a_limit(
    tmp_path: Path, size: str, aspect: str, shown: tuple[int, int]
) -> None:
    pictures = lavfi(f"testsrc2=size={size}:rate=5:duration=0.2,setsar={aspect}")
    source = clip(".mp4", *pictures, *FINE, "-pix_fmt", "yuv420p")
    proved(source, source, tmp_path, is_copy=True)
    height, width, _ = picture(tmp_path / "poster.jpg").shape
    assert (width, height) == shown


def test_the_pixel_shape_turns_with_the_picture(tmp_path: Path) -> None:
    wide = clip(".mp4", *lavfi("testsrc2=size=720x576:rate=5:duration=0.2,setsar=64/45"), *FINE)
    turn = ("-display_rotation", "90", "-i", str(wide), "-c", "copy")
    source = make_clip(tmp_path / "source.mp4", *turn)
    proved(source, source, tmp_path, is_copy=True)
    assert picture(tmp_path / "poster.jpg").shape == (1024, 576, 3)


def test_a_black_beginning_is_not_shown(tmp_path: Path) -> None:
    source = clip(
        ".mp4",
        *lavfi("testsrc2=size=320x240:rate=25:duration=2,format=yuv420p"),
        *("-vf", "drawbox=c=black:t=fill:enable='lt(t,0.6)'", *FINE),
    )
    proved(source, source, tmp_path, is_copy=True)
    assert picture(tmp_path / "poster.jpg").mean() > 50


def test_a_sharp_picture_is_shown_rather_than_a_blurred_one(tmp_path: Path) -> None:
    blurred = "boxblur=12:enable='lt(t,0.5)'"
    source = clip(
        ".mp4",
        *lavfi("testsrc2=size=320x240:rate=25:duration=1,format=yuv420p"),
        *("-vf", blurred, *FINE),
    )
    proved(source, source, tmp_path, is_copy=True)
    edges = np.abs(np.diff(picture(tmp_path / "poster.jpg").astype(int), axis=1)).mean()
    assert edges > 4


COLOURS = [
    ("320x240", "bt709", "tv", True),
    ("320x240", "smpte170m", "tv", False),
    ("1280x720", "bt709", "tv", False),
    ("1280x720", "smpte170m", "tv", True),
    ("320x240", "smpte170m", "pc", True),
]


@pytest.mark.parametrize(("size", "matrix", "levels", "tagged"), COLOURS)
def test_colours_are_what_the_tags_say_or_usual_for_the_size(
    tmp_path: Path, size: str, matrix: str, levels: str, tagged: bool
) -> None:
    tags = ("-colorspace", matrix, "-color_range", levels) if tagged else ()
    graph = f"scale=out_color_matrix={matrix}:out_range={levels},format=yuv420p"
    # Tags that the filters leave would be written down as well.
    graph += "" if tagged else ",setparams=colorspace=unknown:range=unknown"
    source = make_clip(
        tmp_path / "source.mkv",
        *lavfi(f"color=c=0xC83C1E:size={size}:rate=5:duration=0.4,format=rgb24"),
        *("-vf", graph, *tags, "-c:v", "ffv1"),
    )
    proved(source, source, tmp_path, is_copy=True)
    shown = picture(tmp_path / "poster.jpg")[100, 100].astype(int)
    assert np.abs(shown - (0xC8, 0x3C, 0x1E)).max() <= 4


def test_a_result_that_says_less_is_read_like_its_source(tmp_path: Path) -> None:
    red = lavfi("color=c=0xC83C1E:size=320x240:rate=5:duration=0.4,format=rgb24")
    graph = "scale=out_color_matrix=bt709:out_range=tv,format=yuv444p"
    source = make_clip(
        tmp_path / "source.mkv", *red, "-vf", graph, "-colorspace", "bt709", "-c:v", "ffv1"
    )
    untagged = f"{graph},setparams=colorspace=unknown:range=unknown"
    result = make_clip(tmp_path / "result.mkv", *red, "-vf", untagged, "-c:v", "ffv1")
    proved(source, result, tmp_path)
    both = picture(tmp_path / "compare.png").astype(int)
    assert np.abs(both[100, 100] - both[100, -100]).max() <= 2


def test_a_name_decides_between_png_and_jpeg(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(MOVING), *FINE)
    for name, magic in (("a.png", b"\x89PNG"), ("a.jpg", b"\xff\xd8"), ("a.JPEG", b"\xff\xd8")):
        proved(source, source, tmp_path, is_copy=True, compare=tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(magic)


def test_a_result_that_does_not_open_is_an_error(tmp_path: Path) -> None:
    source = clip(".mp4", *lavfi(GREY), *FINE)
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(source.read_bytes()[:200])
    with pytest.raises(ChildFailed):
        proved(source, broken, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"broken.mp4"}
