"""HDR on ordinary screens: the published numbers of PQ and HLG, and what FFmpeg makes of them."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from tests.clips import lavfi, make_clip, toolbox

from reelworks.media.probing.probe import probe
from reelworks.media.proving import tone
from reelworks.media.proving.proof import prove

PQ, HLG = "smpte2084", "arib-std-b67"


def of_grey(signal: float, transfer: str) -> float:
    """The light of a grey of a signal, 0 to 1."""
    coded = np.full((1, 3), round(signal * 65535), np.uint16)
    return float(tone.light(coded, transfer)[0, 1])


@pytest.mark.parametrize(
    ("signal", "shown"),
    [(0.0, 0.0), (0.508, 100.0), (0.5807, 203.0), (0.7518, 1000.0), (1.0, 10_000.0)],
)
def test_pq_is_the_standards(signal: float, shown: float) -> None:
    assert of_grey(signal, PQ) == pytest.approx(shown, rel=0.005, abs=0.001)
    assert tone.pq_signal(np.array(shown)) == pytest.approx(signal, abs=0.001)


@pytest.mark.parametrize(("signal", "shown"), [(0.38, 26.0), (0.75, 203.0), (1.0, 1000.0)])
def test_hlg_is_what_bt_2408_says(signal: float, shown: float) -> None:
    assert of_grey(signal, HLG) == pytest.approx(shown, rel=0.02)


def test_the_curve_leaves_the_dark_alone_and_brings_everything_under_white() -> None:
    values = np.geomspace(0.01, 4000, 500)
    curve = tone.rolled_off(values, 1000.0)
    assert (np.diff(curve) >= 0).all()
    assert curve.max() <= tone.WHITE * 1.001
    dark = values < 80
    assert curve[dark] == pytest.approx(values[dark], rel=0.001)


def test_a_picture_that_is_no_brighter_than_white_is_not_changed() -> None:
    values = np.array([1.0, 50.0, 203.0])
    assert tone.rolled_off(values, tone.WHITE) == pytest.approx(values)


def test_white_paper_is_white_and_black_is_black() -> None:
    shown = np.array([[[203.0, 203, 203], [0, 0, 0]]])
    assert tone.to_sdr(shown, tone.WHITE).tolist() == [[[255, 255, 255], [0, 0, 0]]]


COLOURS = "geq=r='64+2*X':g='60+X':b='300-X'"
# Of HLG only greys: zimg's gamma acts on each colour by itself, where BT.2100's acts on luminance.
GREYS = "geq=r='64+2*X':g='64+2*X':b='64+2*X'"


@pytest.mark.parametrize(("transfer", "steps"), [(PQ, COLOURS), (HLG, GREYS)])
def test_stills_of_hdr_agree_with_zscale_where_nothing_is_rolled_off(
    tmp_path: Path, transfer: str, steps: str
) -> None:
    """A second opinion, of another library: zimg, inside FFmpeg."""
    source = make_clip(
        tmp_path / "hdr.mkv",
        *lavfi("color=size=200x64:rate=5:duration=0.4,format=gbrp10le"),
        "-vf",
        f"{steps},setparams=color_primaries=bt2020:color_trc={transfer}:range=pc,"
        f"zscale=m=bt2020nc:r=tv,format=yuv444p10le",
        *("-colorspace", "bt2020nc", "-color_trc", transfer, "-color_primaries", "bt2020"),
        *("-color_range", "tv", "-c:v", "ffv1"),
    )
    still = tmp_path / "still.png"
    found = probe(toolbox(), source, count=True)
    assert found.picture.is_hdr
    prove(toolbox(), source, found, source, is_copy=True, exact=True, compare=still)
    other = make_clip(
        tmp_path / "other.png",
        *("-i", str(source), "-frames:v", "1", "-vf"),
        "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709:t=iec61966-2-1:m=gbr:r=pc,"
        "format=rgb24",
    )
    ours, theirs = (pixels(path)[:, :200].astype(int) for path in (still, other))
    assert np.abs(ours - theirs).mean() < 2
    assert np.abs(ours - theirs).max() <= 8


def pixels(path: Path) -> np.ndarray:  # type: ignore[type-arg]
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgb24")
