"""How long enhancement and extraction take, against the least that they could take."""

from __future__ import annotations

import time
from pathlib import Path

from tests.service import RunningService, messages_until_final

from benchmarks import clips
from benchmarks.measuring import Row, in_turn, ratio, remove, run
from benchmarks.references import opencv_loop
from benchmarks.services import MANY_MACHINES, ONE_MACHINE, serving
from reelworks.media.children.process import Children
from reelworks.media.children.tools import Toolbox, find_tools
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.command import encode_command
from reelworks.media.enhance import decide
from reelworks.media.measuring.measure import measure
from reelworks.media.measuring.metadata import describe
from reelworks.media.probing.probe import probe

_OPENCV_SHARE = 6  # the loop is slow: it gets a sixth of the clip, and its time counts six times


def enhancement(folder: Path, kind: str, clip: Path, short: Path, runs: int) -> list[Row]:
    """A minute of 1080p through the service and by hand."""
    tools = find_tools(None, Children())
    found = probe(tools, clip, count=True)
    plan = decide(tools, clip, found, Options.of())
    assert plan.action == "encode", f"{kind}: {plan.findings}"
    command = encode_command(tools.ffmpeg, found, plan, clip, folder / f"by-hand.{plan.extension}")
    with (
        serving(ONE_MACHINE, folder / "one") as one,
        serving(MANY_MACHINES, folder / "many") as many,
    ):
        seconds = in_turn(
            runs,
            {
                "service": lambda: _through(one, clip),
                "by hand": lambda: run(command),
                "many": lambda: _through(many, clip),
                "limit": lambda: run(_limit(tools, plan, clip, folder / "limit.mp4")),
                "loop": lambda: _loop(short, folder / "loop.mp4"),
            },
        )
    remove(folder / "limit.mp4")
    filters = ", ".join(f.name for f in plan.filters)
    limit, loop = seconds["limit"], [_OPENCV_SHARE * one for one in seconds["loop"]]
    return [
        Row(
            f"{kind} ({filters}): service ÷ the same plan on FFmpeg's command line",
            ratio(seconds["service"], seconds["by hand"]),
            "≤ 1.10",
        ),
        Row(
            f"{kind} ({filters}): the same with {MANY_MACHINES}",
            ratio(seconds["many"], seconds["by hand"]),
            "≤ 1.10",
        ),
        Row(f"{kind}: service ÷ decode + encode, no filter", ratio(seconds["service"], limit)),
        Row(f"{kind}: service ÷ tutorial OpenCV loop", ratio(seconds["service"], loop)),
    ]


def _through(service: RunningService, clip: Path) -> float:
    """Seconds from the upload's answer to the message that enhancement is completed."""
    with service.socket("bench") as socket:
        file_id = service.accepted(clip, client_id="bench")
        begin = time.perf_counter()
        ended = 0.0
        for message in messages_until_final(socket, file_id, seconds=1200):
            if message.get("process_type") == "video_enhancement":
                assert message["status"] != "failed", message
                ended = time.perf_counter()
    return ended - begin


def _limit(tools: Toolbox, plan: Plan, clip: Path, target: Path) -> list[str]:
    command = [str(tools.ffmpeg), "-y", "-v", "error", "-i", str(clip), "-map", "0"]
    command += ["-c:v", plan.encoder, *plan.encoder_options, "-c:a", "copy"]
    return [*command, str(target)]


def _loop(clip: Path, target: Path) -> None:
    opencv_loop(clip, target)
    remove(target)


def extraction(clip: Path, runs: int) -> list[Row]:
    """Every frame of a minute of 1080p measured and described, against decoding it."""
    tools = find_tools(None, Children())
    decode = [str(tools.ffmpeg), "-v", "error", "-i", str(clip), "-map", "0:V:0", "-f", "null", "-"]
    seconds = in_turn(
        runs, {"metadata": lambda: _extract(tools, clip), "decode": lambda: run(decode)}
    )
    figure = ratio(seconds["metadata"], seconds["decode"])
    return [Row("metadata, all frames ÷ decode only", figure, "≤ 1.25")]


def _extract(tools: Toolbox, clip: Path) -> None:
    found = probe(tools, clip, count=True)
    measurement = measure(tools, clip, found, lambda _: None)
    document = describe(
        file_id="",
        filename=clip.name,
        size_bytes=found.size_bytes,
        sha256="",
        probe=found,
        measurement=measurement,
        enhancement=None,
    )
    assert document["frame_count"] > 0


def prepare(folder: Path, seconds: int) -> dict[str, tuple[Path, Path]]:
    """The clips of each kind: the whole one, and a short one for the slow loop."""
    short = max(1, seconds // _OPENCV_SHARE)
    return {
        "noisy": (clips.noisy(folder, seconds=seconds), clips.noisy(folder, seconds=short)),
        "dark": (clips.dark(folder, seconds=seconds), clips.dark(folder, seconds=short)),
    }
