"""What is said of an enhancement, before it is done and after."""

from __future__ import annotations

from tests.media.plans import forced, picture, plan_of, probe_of

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding.options import Options
from reelworks.media.proving.proof import SAME, Fidelity, Proof
from reelworks.media.report import Previews, Rendered, report

SOURCE = probe_of(picture(codec="mpeg4"))
PLAN = forced(SOURCE, "a.mp4")
VIVID = Options.of("vivid", upscale=2)


def test_what_is_not_known_yet_is_null() -> None:
    pending = report(PLAN, SOURCE, preset="auto", options=Options.of())
    assert (pending["action"], pending["preset"], pending["codec"]) == ("encode", "auto", "h264")
    assert pending["bytes_before"] == 1000
    unknown = {key for key, value in pending.items() if value is None}
    assert unknown == {"bytes_after", "frames", "fidelity", "previews"}
    (denoise,) = pending["filters"]
    assert denoise["reason"]


def test_the_finished_report_says_everything() -> None:
    likeness = Fidelity(identical=False, psnr_y=40.25, ssim_y=0.98, frames=8)
    finished = report(
        PLAN,
        SOURCE,
        preset="vivid",
        options=VIVID,
        rendered=Rendered(size_bytes=700, frames=25, exact=True),
        proof=Proof(fidelity=likeness, poster=True),
        previews=Previews(poster="processed_videos/previews/x_poster.jpg"),
        notes=("Something small went wrong.",),
    )
    assert set(finished) == set(report(PLAN, SOURCE, preset="vivid", options=VIVID))
    assert finished["preset"] == "vivid"
    assert Options(**finished["options"]) == VIVID
    assert (finished["bytes_after"], finished["frames"]) == (700, 25)
    assert finished["fidelity"] == {
        "identical": False,
        "psnr_y": 40.25,
        "ssim_y": 0.98,
        "frames": 8,
    }
    assert finished["previews"] == {
        "poster": "processed_videos/previews/x_poster.jpg",
        "compare": None,
    }
    assert finished["notes"] == ["Something small went wrong."]


def test_of_a_copy_the_codec_is_the_sources() -> None:
    plan = plan_of(SOURCE, Analysis(), "a.mp4")
    rendered = Rendered(size_bytes=1000, frames=None, exact=True)
    finished = report(
        plan,
        SOURCE,
        preset="auto",
        options=Options.of(),
        rendered=rendered,
        proof=Proof(fidelity=SAME),
    )
    assert (finished["action"], finished["codec"]) == ("copy", "mpeg4")
    assert finished["pixel_format"] == "yuv420p"
    assert finished["fidelity"]["identical"]
