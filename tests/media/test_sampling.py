"""Made films are read as what was done to them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import log
from pathlib import Path

import av
import numpy as np
import pytest
from tests.clips import clip, lavfi, toolbox
from tests.media.scenes import FINE, LOSSLESS, PAN, film

from reelworks.media.analysis.analyse import Analysis, analyse
from reelworks.media.analysis.sampling import quantiser_steps
from reelworks.media.deciding.options import Options
from reelworks.media.enhance import decide
from reelworks.media.probing.film import Film
from reelworks.media.probing.planes import plane_of
from reelworks.media.probing.probe import probe
from reelworks.media.probing.reading import open_video

BT709 = "setparams=colorspace=bt709,format=yuv420p"


@cache
def seen(path: Path) -> Analysis:
    tools = toolbox()
    return analyse(tools, path, probe(tools, path, count=True))


def chosen(path: Path, **wishes: object) -> list[str]:
    """The filters that ``auto`` uses on it."""
    tools = toolbox()
    plan = decide(tools, path, probe(tools, path, count=True), Options.of(**wishes))
    return [f.name for f in plan.filters]


def luma(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.array([f.to_ndarray()[: f.height] for f in container.decode(video=0)], float)


CODECS = {
    "lossless": (LOSSLESS, ".mkv"),
    "h264": (FINE, ".mp4"),
    "h264 as usual": (("-c:v", "libx264"), ".mp4"),
    "hevc": (("-c:v", "libx265", "-x265-params", "log-level=error"), ".mp4"),
    "vp9": (("-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-cpu-used", "8"), ".webm"),
    "mpeg4": (("-c:v", "mpeg4", "-q:v", "3"), ".avi"),
    "mpeg2": (("-c:v", "mpeg2video", "-q:v", "3"), ".mpg"),
}


@pytest.mark.parametrize("name", CODECS)
def test_a_clean_film_needs_nothing(name: str) -> None:
    codec, suffix = CODECS[name]
    clean = film(codec=codec, suffix=suffix)
    found = seen(clean)
    assert chosen(clean) == []
    assert found.pictures == 25
    assert found.interlaced is None
    assert found.noise == pytest.approx(0, abs=0.5)
    assert found.flicker < 0.5
    assert found.shake < 0.004


@pytest.mark.parametrize("size", ["192x108", "320x240", "640x360"])
@pytest.mark.parametrize("source", ["testsrc", "testsrc2"])
def test_a_clean_drawing_that_moves_needs_nothing(source: str, size: str) -> None:
    drawing = f"{source}=size={size}:rate=25:duration=1,format=yuv420p"
    assert chosen(clip(".mp4", *lavfi(drawing), *FINE)) == []


# The quantiser


@pytest.mark.parametrize("parameter", [12, 24, 30, 42])
def test_h264s_step_doubles_every_six(parameter: int) -> None:
    # At a fixed parameter all but the first picture have it.
    fixed = film(codec=("-c:v", "libx264", "-qp", str(parameter), "-bf", "0"))
    assert seen(fixed).quantiser == pytest.approx(0.625 * 2 ** (parameter / 6), abs=0.01)


def test_a_coarse_h264_is_told_from_a_fine_one() -> None:
    coarse, fine = (seen(film(codec=("-c:v", "libx264", "-crf", crf))) for crf in ("40", "10"))
    assert coarse.quantiser is not None
    assert fine.quantiser is not None
    assert coarse.quantiser > 20 > 8 > fine.quantiser


@pytest.mark.parametrize(
    "codec", [("mpeg4", ".avi"), ("mpeg2video", ".mpg"), ("mpeg1video", ".mpg")]
)
@pytest.mark.parametrize("scale", [2, 18])
def test_mpegs_step_is_twice_its_scale(codec: tuple[str, str], scale: int) -> None:
    # H.263 and MPEG-4 round to 2·QP; MPEG-1 and 2 to 2·scale where the matrix has 16.
    name, suffix = codec
    made = film(codec=("-c:v", name, "-q:v", str(scale)), suffix=suffix)
    assert seen(made).quantiser == 2 * scale
    assert chosen(made) == (["deblock"] if scale == 18 else [])


def test_the_quantiser_is_that_of_whole_pictures() -> None:
    # With a thread for each picture it was read of some before they were decoded, now and then.
    busy = film("noise=alls=30:allf=t", codec=("-c:v", "libx264", "-crf", "30"))
    first, *others = (tuple(steps_of(busy)) for _ in range(10))
    assert min(first) > 10
    assert set(others) == {first}


def steps_of(path: Path) -> Iterator[float]:
    with open_video(path) as container:
        opened = Film(container, container.streams.video[0], quantiser=True)
        for picture in opened.from_start():
            yield from quantiser_steps(picture)


def test_what_is_not_quantised_has_no_step() -> None:
    assert seen(film(codec=LOSSLESS)).quantiser is None


# Formats


@pytest.mark.parametrize("pixels", ["yuv411p", "yuv410p", "yuv422p", "yuv440p", "gray", "gbrp"])
def test_every_sampling_of_colour_can_be_looked_at(pixels: str) -> None:
    coded = ("-pix_fmt", pixels, "-c:v", "ffv1")
    made = clip(".mkv", *lavfi("testsrc2=size=720x480:rate=10:duration=0.6"), *coded)
    assert seen(made).pictures == 6


def test_pictures_that_lie_upside_down_in_memory_are_read_upright() -> None:
    made = clip(".avi", *lavfi("testsrc2=size=320x240:rate=10:duration=0.6"), "-c:v", "amv")
    with av.open(str(made)) as container:
        frame = next(container.decode(video=0))
    assert frame.planes[0].line_size < 0
    copied = frame.reformat(format="yuv444p", src_color_range="JPEG", dst_color_range="JPEG")
    assert np.array_equal(plane_of(frame, 0), plane_of(copied, 0))
    assert seen(made).pictures == 6


def test_grey_pictures_between_black_bars_can_be_looked_at() -> None:
    barred = "drawbox=color=black:t=fill:h=60"
    scene = lavfi(f"testsrc2=size=320x240:rate=10:duration=0.6,{barred},format=gray")
    assert seen(clip(".mkv", *scene, "-c:v", "ffv1")).bars


@pytest.mark.parametrize("bits", [9, 10, 12, 14])
def test_brightness_is_read_alike_at_every_depth(bits: int) -> None:
    scene = lavfi("testsrc2=size=192x108:rate=10:duration=0.2")
    levels = [
        seen(clip(".mkv", *scene, "-pix_fmt", form, "-c:v", "ffv1"))
        for form in ("yuv444p", f"yuv444p{bits}le")
    ]
    assert levels[1].black == pytest.approx(levels[0].black, abs=1)
    assert levels[1].white == pytest.approx(levels[0].white, abs=1)


@pytest.mark.parametrize("codec", [("ffv1", "bgr0"), ("ffv1", "gbrp10"), ("libx264rgb", "bgr24")])
def test_brightness_of_rgb_is_read_alike(codec: tuple[str, str]) -> None:
    dark = (PAN, "lutyuv=y='(val-16)*0.45+16'")
    encoder, pixels = codec
    found = seen(film(*dark, codec=("-c:v", encoder, "-qp", "0", "-pix_fmt", pixels)))
    as_yuv = seen(film(*dark, codec=LOSSLESS))
    assert found.black == pytest.approx(as_yuv.black, abs=2)
    assert found.white == pytest.approx(as_yuv.white, abs=2)


@pytest.mark.parametrize("size", ["640x480", "1280x720"])
def test_colours_of_rgb_are_read_alike_at_every_size(size: str) -> None:
    width = int(size.split("x")[0]) // 2
    colours = f"drawbox=c=0xc02020:t=fill,drawbox=w={width}:c=0x20c0c0:t=fill"
    made = clip(".mkv", *lavfi(f"color=s={size}:d=0.2,format=gbrp,{colours}"), "-c:v", "ffv1")
    assert seen(made).peak == pytest.approx(192, abs=3)


def test_a_depth_that_changes_on_the_way_is_looked_at_up_to_there(tmp_path: Path) -> None:
    both = tmp_path / "both.ts"
    parts = [
        clip(
            ".ts",
            *lavfi("testsrc2=size=192x108:rate=10:duration=0.8"),
            "-pix_fmt",
            pixels,
            "-c:v",
            "libx264",
            "-output_ts_offset",
            start,
        )
        for pixels, start in (("yuv420p", "2"), ("yuv420p10le", "2.8"))
    ]
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert 0 < seen(both).pictures < 16


# Noise


@pytest.mark.parametrize("strength", [12, 24, 40])
def test_noise_is_read_as_it_is(strength: int) -> None:
    made = film(PAN, f"noise=alls={strength}:allf=t:all_seed=3", codec=LOSSLESS)
    sigma = (luma(made) - luma(film(codec=LOSSLESS))).std() * 255 / 219
    found = seen(made)
    assert found.noise == pytest.approx(sigma, rel=0.1)
    assert found.coarseness == pytest.approx(1, abs=0.1)
    assert found.interlaced is None
    assert chosen(made) == ["denoise"]


def test_noise_that_was_compressed_is_coarse() -> None:
    noise = "noise=alls=24:allf=t:all_seed=3"
    made = film(PAN, noise, codec=("-c:v", "libx264", "-crf", "30"))
    assert seen(made).coarseness > 1.3
    assert "denoise" in chosen(made)


LAWN = "geq=lum='128+70*sin(2.1*X+sin(Y/3))*cos(1.9*Y+sin(X/4))':cb=120:cr=124"


def test_a_lawn_before_a_turning_camera_is_no_noise() -> None:
    size = ("-f", "lavfi", "-i", "color=gray:size=480x360:rate=25:duration=0.4")
    lawn = f"format=yuv420p,{LAWN},rotate=0.01*n,crop=320:240"
    assert chosen(clip(".mkv", *size, "-vf", lawn, *FINE)) == []


# Blocks


def test_enlarged_pixels_are_no_blocks() -> None:
    game = "scale=iw/8:ih/8:flags=area,scale=iw*8:ih*8:flags=neighbor"
    assert chosen(film(PAN, game, codec=("-c:v", "libx264", "-qp", "26"))) == []


@pytest.mark.parametrize("size", [2, 4])
def test_pixels_that_were_enlarged_less_are_no_blocks_either(size: int) -> None:
    game = f"scale=iw/{size}:ih/{size}:flags=area,scale=iw*{size}:ih*{size}:flags=neighbor"
    assert "deblock" not in chosen(film(PAN, game, codec=("-c:v", "libx264", "-qp", "26")))


# Edges


@pytest.mark.parametrize("sigma", [1.2, 2])
def test_a_blurred_film_is_soft(sigma: float) -> None:
    made = film(PAN, f"gblur=sigma={sigma}:steps=6")
    sharpness = seen(made).sharpness
    assert sharpness is not None
    assert sharpness <= 0.15
    assert chosen(made) == ["sharpen"]


def test_a_focus_that_is_pulled_is_no_blur() -> None:
    made = film(PAN, "gblur=sigma=2:steps=6:enable='lt(n,18)'")
    found = seen(made)
    assert found.sharpness is not None
    assert found.sharpness <= 0.15
    assert chosen(made) == []


@pytest.mark.parametrize("kernel", ["bicubic", "lanczos"])
def test_a_film_that_was_enlarged_is_not_taken_for_a_blurred_one(kernel: str) -> None:
    made = film(PAN, "scale=iw/2:ih/2:flags=area", f"scale=iw*2:ih*2:flags={kernel}")
    sharpness = seen(made).sharpness
    assert sharpness is not None
    assert sharpness < 0.2
    assert chosen(made) == []


def test_a_clean_film_is_sharp() -> None:
    sharpness = seen(film()).sharpness
    assert sharpness is not None
    assert sharpness >= 0.25


# Light


@pytest.mark.parametrize("gains", [(1.0, 0.9, 0.75), (0.8, 0.9, 1.0)])
def test_a_cast_is_read(gains: tuple[float, float, float]) -> None:
    red, green, blue = gains
    made = film(PAN, f"colorchannelmixer=rr={red}:gg={green}:bb={blue}")
    for cast in seen(made).cast or [(0.0, 0.0)]:
        assert cast == pytest.approx((log(red / green), log(blue / green)), abs=0.06)
    assert chosen(made) == ["white balance"]


@pytest.mark.parametrize("share", [0.4, 0.6])
def test_a_dark_film_is_read_as_dark(share: float) -> None:
    made = film(PAN, "format=yuv420p", f"lutyuv=y=16+(val-16)*{share}")
    whole, dark = seen(film()), seen(made)
    assert whole.black is not None
    assert whole.white is not None
    assert dark.black == pytest.approx(whole.black * share, abs=2)
    assert dark.white == pytest.approx(whole.white * share, abs=2)
    assert chosen(made) == ["levels"]


def test_a_night_with_a_small_lamp_stays_a_night() -> None:
    lamp = "drawbox=x=60:y=40:w=5:h=4:color=white:t=fill"
    made = film(PAN, "format=yuv420p", "lutyuv=y=16+(val-16)*0.4", lamp)
    found = seen(made)
    assert found.white is not None
    assert found.brightest is not None
    assert found.white < 120
    assert found.brightest > 240
    assert chosen(made) == []


@pytest.mark.parametrize("bars", ["pad=iw:ih+80:0:40", "pad=iw+80:ih:40:0"])
def test_a_flat_film_within_bars_is_read_as_flat(bars: str) -> None:
    flat = "lutyuv=y=64+(val-16)*0.5:u=64+val*0.5:v=64+val*0.5"
    fade = "fade=in:start_frame=5:nb_frames=1"  # black pictures before it tell of no bars
    bare = seen(film(PAN, "format=yuv420p", flat))
    barred = film(PAN, "format=yuv420p", flat, bars)
    assert seen(film(PAN, "format=yuv420p", flat, bars, fade)).bars
    found = seen(barred)
    assert found.bars
    assert not bare.bars
    assert found.black == pytest.approx(bare.black, abs=2)
    assert found.white == pytest.approx(bare.white, abs=2)
    assert found.floor == pytest.approx(bare.floor, abs=4)
    assert chosen(barred) == ["levels"]


@pytest.mark.parametrize("ends", [("1e6e00", "96e614"), ("005c69", "fdbb4b")])
def test_deep_colours_are_not_taken_for_lost_contrast(ends: tuple[str, str]) -> None:
    # A leaf; a drawing in teal and orange. Red or blue goes down to 0, and luma nowhere near it.
    first, last = ends
    scene = f"gradients=s=320x240:r=10:d=1:c0=0x{first}:c1=0x{last}:x0=0:y0=0:x1=319:y1=239:seed=1"
    deep = clip(".mp4", *lavfi(f"{scene},scale=out_color_matrix=bt709,{BT709}"), *FINE)
    found = seen(deep)
    assert found.black is not None
    assert found.white is not None
    assert 70 <= found.black < found.white <= 200
    assert found.shade is not None
    assert found.shade <= 20
    assert chosen(deep) == []


@pytest.mark.parametrize("codec", [FINE, ("-c:v", "libx264"), ("-c:v", "mpeg4", "-q:v", "3")])
@pytest.mark.parametrize(
    "drawn",
    [
        # A room underground; a page in greys. Few colours, and no light that shades them.
        "color=0x2d323c,drawbox=0:160:320:80:0x5a8c46:fill,drawbox=100:90:60:90:0x96785a:fill",
        "color=0x4d4b48,drawgrid=8:8:60:28:0x888888:3,drawbox=200:0:60:240:0x3a3a3a:fill",
    ],
)
def test_a_drawing_in_plain_colours_keeps_its_light(drawn: str, codec: tuple[str, ...]) -> None:
    colour, shapes = drawn.split(",", 1)
    moving = f"{colour}:s=320x240:r=25:d=1,{shapes},scroll=h=0.01:v=0.02,format=yuv420p"
    made = clip(".avi", *lavfi(moving), *codec)
    found = seen(made)
    assert found.white is not None
    assert 120 < found.white < 140
    assert found.plain > 0.4
    assert chosen(made) == []


def test_flicker_is_read() -> None:
    made = film(PAN, "eq=brightness='0.08*(random(1)-0.5)':eval=frame")
    means = luma(made).mean(axis=(1, 2)) * 255 / 219
    jumps = np.sqrt((np.diff(means, n=2) ** 2).mean() / 6)
    assert seen(made).flicker == pytest.approx(jumps, rel=0.3)
    assert chosen(made) == []
    assert chosen(made, deflicker="auto") == ["deflicker"]


def test_a_fade_does_not_flicker() -> None:
    assert seen(film(PAN, "fade=in:0:25")).flicker < 1


# Motion


@pytest.mark.parametrize("order", ["tff", "bff"])
@pytest.mark.parametrize("codec", [LOSSLESS, (*FINE, "-flags", "+ildct")])
def test_woven_fields_are_told_with_their_order(order: str, codec: tuple[str, ...]) -> None:
    mode = "interleave_top" if order == "tff" else "interleave_bottom"
    made = film(PAN, "format=yuv420p", f"tinterlace={mode}", codec=codec)
    assert seen(made).interlaced == order
    assert chosen(made) == ["deinterlace"]


@pytest.mark.parametrize("said", ["tff", "bff"])
def test_the_pictures_count_not_what_the_file_says_of_them(said: str) -> None:
    assert seen(film(PAN, f"setfield={said}", codec=LOSSLESS)).interlaced is None
    woven = film(PAN, "format=yuv420p", "tinterlace=interleave_top", f"setfield={said}")
    assert seen(woven).interlaced == "tff"


@pytest.mark.parametrize("size", ["64x64", "128x128", "192x108", "240x136", "320x180"])
def test_drawn_lines_that_are_as_thin_as_the_pictures_are_no_fields(size: str) -> None:
    made = clip(
        *(".mp4", *lavfi(f"testsrc2=size={size}:rate=30:duration=2")),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "35", "-pix_fmt", "yuv420p"),
    )
    assert seen(made).interlaced is None


@pytest.mark.parametrize(("said", "partly"), [("tff", "tff"), ("prog", None)])
def test_telecined_film_is_woven_in_part_where_it_says_so(said: str, partly: str | None) -> None:
    made = film(PAN, "format=yuv420p", "telecine", f"setfield={said}")
    found = seen(made)
    assert found.partly == partly
    assert (found.interlaced is None) == (partly is not None)
    assert chosen(made) == ["deinterlace"]


def test_telecined_dv_says_so_in_its_pictures_alone() -> None:
    dv = ("-r", "30000/1001", "-pix_fmt", "yuv411p", "-c:v", "dvvideo")
    made = film(PAN, "scale=720:480", "telecine", "setfield=bff", codec=dv, suffix=".avi")
    assert seen(made).partly == "tff"


def test_noise_does_not_hide_fields() -> None:
    noise = "noise=alls=24:allf=t:all_seed=3"
    made = film(PAN, noise, "format=yuv420p", "tinterlace=interleave_top", codec=LOSSLESS)
    assert seen(made).interlaced == "tff"


def test_a_steady_pan_does_not_shake() -> None:
    found = seen(film())
    assert found.shake == 0


def test_a_shaking_camera_is_read() -> None:
    # Both ways by 0, 2 … 10 pixels: sigma is 3.4, and the change of a motion has √6 of it.
    made = film("format=yuv420p", "crop=320:240:80+12*random(1):12*random(2)")
    assert seen(made).shake == pytest.approx(3.4 * 6**0.5 * 2**0.5 / 320, rel=0.3)
    assert chosen(made) == []
    assert chosen(made, stabilise="auto") == ["stabilise"]


def test_one_picture_tells_nothing_of_time() -> None:
    found = seen(film(PAN, "select=eq(n\\,0)"))
    assert (found.pictures, found.noise, found.interlaced) == (1, None, None)
    assert (found.flicker, found.shake) == (0, 0)
