"""A film that is encoded in parts and joined is the film that is encoded whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from tests.clips import clip, lavfi, make_clip, toolbox
from tests.media.field_pictures import field_pictures
from tests.media.plans import forced

from reelworks.errors import WrongResult
from reelworks.media.deciding.encoders import BY_NAME
from reelworks.media.deciding.options import Options
from reelworks.media.deciding.plan import Plan
from reelworks.media.encoding.chunks import Span, cut, encode_span, join
from reelworks.media.encoding.encode import encode
from reelworks.media.enhance import decide
from reelworks.media.facts import Probe
from reelworks.media.probing.probe import probe
from reelworks.media.verifying.verify import verify

SECONDS = 48
NOISE = "noise=alls=14:allf=t,format=yuv420p"
SOUND = lavfi(f"sine=frequency=440:duration={SECONDS}")
AAC = ("-c:a", "aac")
QUICK_VP8 = ("-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M")
SAID_TO_BE_CLEAR = ("-metadata:s:v:0", "alpha_mode=1")
"""As browsers record all: it says that it is transparent, and is not."""
QUICK_HEVC = ("-preset", "ultrafast", "-x265-params", "log-level=error")

FILMS = {
    "B-frames": (".mp4", "10", NOISE, ("-bf", "3", "-g", "40", *AAC)),
    "open GOP": (".mp4", "10", NOISE, ("-bf", "3", "-x264-params", "open-gop=1:keyint=40", *AAC)),
    "NTSC": (".mp4", "30000/2997", NOISE, ("-g", "33", *AAC)),
    "uneven": (".mkv", "15", f"select='lt(mod(n*n,7),4)',{NOISE}", ("-fps_mode", "vfr", *AAC)),
    "Matroska, NTSC": (".mkv", "30000/2997", NOISE, ("-bf", "3", "-c:a", "libopus")),
    "WebM": (
        ".webm",
        "10",
        f"{NOISE},setsar=4/3",
        ("-c:v", "libvpx", *QUICK_VP8, "-g", "50", "-c:a", "libopus", *SAID_TO_BE_CLEAR),
    ),
    "late sound": (".mp4", "10", NOISE, ("-af", "adelay=700", "-g", "40", *AAC)),
    "HEVC": (".mov", "10", NOISE, ("-c:v", "libx265", *QUICK_HEVC, *AAC)),
}
"""What each film has: container, rate, filters, options."""


@dataclass(frozen=True)
class Encoded:
    """A film, encoded both ways."""

    source: Path
    clean: Path
    probe: Probe
    plan: Plan
    spans: tuple[Span, ...]
    parts: list[Path]
    joined: Path
    whole: Path


pytestmark = pytest.mark.slow


@pytest.fixture(params=FILMS)
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoded:
    return encoded(request.param, tmp_path_factory.getbasetemp())


@cache
def encoded(name: str, base: Path) -> Encoded:
    """Encode a film whole, and in parts that are joined."""
    folder = base / name.replace(" ", "-")
    folder.mkdir(exist_ok=True)
    source = made(name)
    found, plan = planned(source)
    spans = cut(toolbox(), source, found, plan)
    parts = [folder / str(span.number) for span in spans]
    for span, part in zip(spans, parts, strict=True):
        assert encode_span(toolbox(), found, plan, span, source, part, silent) == span.frames
    joined, whole = folder / f"joined.{plan.extension}", folder / f"whole.{plan.extension}"
    join(toolbox(), found, plan, parts, source, joined, silent)
    encode(toolbox(), found, plan, source, whole, silent)
    return Encoded(source, without_noise(name), found, plan, spans, parts, joined, whole)


def made(name: str) -> Path:
    suffix, rate, filters, options = FILMS[name]
    fast = () if "-c:v" in options else ("-c:v", "libx264", "-crf", "16")
    return clip(suffix, *scene(rate), *SOUND, "-vf", filters, *fast, *options)


def without_noise(name: str) -> Path:
    _, rate, filters, _ = FILMS[name]
    kept = filters.replace(NOISE, "format=yuv420p")
    lossless = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0")
    return clip(".mkv", *scene(rate), "-vf", kept, "-fps_mode", "passthrough", *lossless)


def scene(rate: str) -> list[str]:
    return lavfi(f"testsrc2=size=160x120:rate={rate}:duration={SECONDS}")


def planned(source: Path) -> tuple[Probe, Plan]:
    found = probe(toolbox(), source, count=True)
    plan = decide(toolbox(), source, found, Options.of())
    assert plan.action == "encode", plan.findings
    return found, plan


def silent(_done: int) -> None:
    pass


def test_it_is_cut_into_parts_that_hold_every_picture_once(film: Encoded) -> None:
    assert len(film.spans) > 1
    assert film.probe.timing is not None
    assert sum(span.frames for span in film.spans) == film.probe.timing.packets
    assert sum(span.size_bytes for span in film.spans) == film.probe.timing.size_bytes


def test_every_picture_is_shown_when_it_was(film: Encoded) -> None:
    assert times(film.joined, "video") == times(film.whole, "video")


def test_all_else_is_as_if_it_had_been_encoded_whole(film: Encoded) -> None:
    assert times(film.joined, "audio") == times(film.whole, "audio")
    assert sound(film.joined) == sound(film.whole)
    assert shape(film.joined) == shape(film.whole)


def test_the_joined_film_passes_the_check_of_every_result(film: Encoded) -> None:
    assert film.probe.timing is not None
    frames = film.probe.timing.packets
    assert verify(toolbox(), film.source, film.probe, film.plan, film.joined, frames).exact


def test_no_picture_at_a_border_is_worse_than_elsewhere(film: Encoded) -> None:
    """Filters remember: a part that began without its lead would be noisier at first."""
    likeness = np.array(likenesses(film))
    borders = list(accumulate(span.frames for span in film.spans))[:-1]
    near = np.zeros(len(likeness), bool)
    for border in borders:
        near[border - 6 : border + 6] = True
    assert abs(likeness[near].mean() - likeness[~near].mean()) < 0.1


def likenesses(film: Encoded) -> list[float]:
    """How much nearer to the film without noise each joined picture is than the one of the whole,
    in dB.

    Against that film, and not against each other: two encodings of like quality differ a little
    in every picture. Nor against the source: what keeps more of its noise would be nearer.
    """
    ratios = []
    for original, joined, whole in zip(
        pictures(film.clean), pictures(film.joined), pictures(film.whole), strict=True
    ):
        ratios.append(psnr(original, joined) - psnr(original, whole))
    return ratios


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    error = np.mean((one.astype(float) - other) ** 2)
    return float(10 * np.log10(255**2 / error))


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def times(path: Path, kind: str) -> list[Fraction]:
    """When each picture or piece of sound is to be shown or heard."""
    with av.open(str(path)) as container:
        (stream,) = [stream for stream in container.streams if stream.type == kind]
        packets = container.demux(stream)
        return sorted(p.pts * p.time_base for p in packets if p.pts is not None)


def sound(path: Path) -> str:
    with av.open(str(path)) as container:
        packets = container.demux(container.streams.audio[0])
        return hashlib.sha256(b"".join(bytes(packet) for packet in packets)).hexdigest()


def shape(path: Path) -> list[tuple[object, ...]]:
    """What a player is told of each stream before it plays."""
    with av.open(str(path)) as container:
        return [
            (stream.type, stream.codec_context.name, stream.time_base, stream.start_time)
            for stream in container.streams
        ]


def test_a_film_with_a_part_missing_is_not_joined(tmp_path: Path) -> None:
    whole = made("B-frames")
    found, plan = planned(whole)
    spans = cut(toolbox(), whole, found, plan)
    parts = [tmp_path / str(span.number) for span in spans]
    for span, part in zip(spans, parts, strict=True):
        encode_span(toolbox(), found, plan, span, whole, part, silent)
    with pytest.raises(WrongResult):
        join(toolbox(), found, plan, parts[:-1], whole, tmp_path / "joined.mp4", silent)


def test_a_part_of_an_undamaged_film_is_about_as_large_as_it_was(tmp_path: Path) -> None:
    source = made("B-frames")
    found, plan = planned(source)
    small = replace(cut(toolbox(), source, found, plan)[1], size_bytes=100_000)
    part = tmp_path / "part"
    encode_span(toolbox(), found, plan, small, source, part, silent)
    assert part.stat().st_size > 150_000
    encode_span(toolbox(), found, replace(plan, bounded=True), small, source, part, silent)
    assert 75_000 < part.stat().st_size < 150_000


@pytest.mark.parametrize("name", ["B-frames", "HEVC"])
def test_parts_that_were_encoded_more_coarsely_are_joined_with_others(
    name: str, tmp_path: Path
) -> None:
    source = made(name)
    found, plan = planned(source)
    coarser = BY_NAME[plan.encoder].coarser(plan.encoder_options, 2)
    plans = (plan, replace(plan, encoder_options=coarser))
    spans = cut(toolbox(), source, found, plan)
    parts = [tmp_path / str(span.number) for span in spans]
    for span, part in zip(spans, parts, strict=True):
        encode_span(toolbox(), found, plans[span.number % 2], span, source, part, silent)
    joined = tmp_path / f"joined.{plan.extension}"
    assert join(toolbox(), found, plan, parts, source, joined, silent) == found.pictures


def test_a_part_with_another_number_of_pictures_is_no_result(tmp_path: Path) -> None:
    source = made("B-frames")
    found, plan = planned(source)
    spans = cut(toolbox(), source, found, plan)
    short = replace(spans[1], frames=spans[1].frames + 1)
    with pytest.raises(WrongResult):
        encode_span(toolbox(), found, plan, short, source, tmp_path / "part", silent)


@pytest.mark.parametrize(("suffix", "options"), [(".ts", ()), (".avi", ("-bf", "0"))])
def test_a_film_that_cannot_be_sought_in_exactly_stays_whole(
    suffix: str, options: tuple[str, ...]
) -> None:
    pictures = lavfi(f"testsrc2=size=160x120:rate=10:duration={SECONDS}")
    source = clip(suffix, *pictures, "-vf", NOISE, "-c:v", "libx264", *options)
    found, plan = planned(source)
    assert len(cut(toolbox(), source, found, plan)) == 1


def test_a_film_whose_last_picture_lingers_stays_whole(tmp_path: Path) -> None:
    source = tmp_path / "lingering.mkv"
    longer = "setts=duration=if(eq(N\\,479)\\,DURATION*100\\,DURATION)"
    make_clip(source, "-i", str(made("NTSC")), "-map", "0:v", "-c", "copy", "-bsf:v", longer)
    found, plan = planned(source)
    assert len(cut(toolbox(), source, found, plan)) == 1


def test_a_short_film_stays_whole() -> None:
    pictures = lavfi("testsrc2=size=160x120:rate=10:duration=30")
    source = clip(".mp4", *pictures, "-vf", NOISE, "-c:v", "libx264", "-crf", "16")
    found, plan = planned(source)
    assert len(cut(toolbox(), source, found, plan)) == 1


def test_a_film_of_fields_in_packets_of_their_own_stays_whole(tmp_path: Path) -> None:
    stream = tmp_path / "fields.h264"
    stream.write_bytes(field_pictures(25 * SECONDS))
    source = make_clip(tmp_path / "a.mkv", "-framerate", "25", "-i", str(stream), "-c", "copy")
    found = probe(toolbox(), source, count=True)
    assert [span.frames for span in cut(toolbox(), source, found, forced(found, "a.mkv"))] == [
        25 * SECONDS
    ]
