"""Measures short runs of a clip's pictures. In the child only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from fractions import Fraction
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from av.sidedata.encparams import VideoEncParams
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorRange

from reelworks.media.analysis import estimators, fields, following, light, motion
from reelworks.media.analysis.analyse import Analysis
from reelworks.media.analysis.estimators import FLATTER, FLATTEST, Box, Plain, Roughness, Scale
from reelworks.media.analysis.runs import runs
from reelworks.media.children.child import Moved
from reelworks.media.facts import usual_matrix
from reelworks.media.formats import pixels
from reelworks.media.probing.ahead import ahead
from reelworks.media.probing.colourspaces import COLOURSPACES
from reelworks.media.probing.film import Film
from reelworks.media.probing.planes import Plane, block_means, half, is_rgb, plane_of
from reelworks.media.probing.reading import open_video
from reelworks.media.probing.side_data import side_data

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_BAND_PIXELS = 600_000
_BANDS, _BAND_LINES = 4, 64

_SUSPICIOUS, _SUSPICIOUS_REST = 1.0, 0.5
"""Noise, and noise that an encoder has hidden, from which it is worth looking twice whether it is
any."""

_SOME = 0.2
"""Share of the moving pictures that must be woven from two fields, and that must be whole, for a
clip to have both."""

_FIELDS = 2
"""AV_FIELD_TT, the first of the codes for interlaced streams."""

_FILLED = 0.98
"""Share of the frame from which a picture fills it: a black line at its edge is no bar."""

_DYNAMIC_HDR = {
    Type.DOVI_METADATA: "Dolby Vision",
    Type.DYNAMIC_HDR_PLUS: "HDR10+",
    Type.DYNAMIC_HDR_VIVID: "HDR Vivid",
}


def look(
    moved: Moved,
    *,
    path: str,
    index: int,
    decoder: str | None,
    full_range: bool,
    matrix: str,
    pictures: int,
    seconds: float,
) -> Analysis:
    """Measure a clip's main video stream.

    Args:
        decoder: libav decoder to use in place of the usual one.
        full_range: whether YUV uses all levels.
        matrix: to read YUV with, by libav's name.
        pictures, seconds: how long the stream is; 0 where it is not known.
    """
    found = _Found(matrix)
    with open_video(Path(path)) as container:
        stream = cast("VideoStream", container.streams[index])
        film = Film(container, stream, decoder, quantiser=True)
        with ahead(runs(film, pictures, Fraction(seconds))) as coming:
            for run in coming:
                found.add(run, full_range)
                moved(found.pictures)
        # Of some codecs, only the container says it; of DV, only each picture.
        found.said_woven |= stream.codec_context.field_order >= _FIELDS
    return found.analysis()


def task(moved: Moved, **arguments: Any) -> dict[str, Any]:
    """The child's side of ``analyse``."""
    return asdict(look(moved, **arguments))


# --- Measuring ------------------------------------------------------------------------------------


@dataclass
class _Noise:
    """What is read of the noise where a share of the blocks is flattest.

    Attributes:
        share: of the blocks.
        suspicious: from which level on it may be texture that moves.
    """

    share: float
    suspicious: float
    sigmas: list[float] = field(default_factory=list)
    coarseness: list[float] = field(default_factory=list)

    def suspects(self, seen: Roughness) -> bool:
        """Whether it is worth looking twice."""
        return estimators.noise_sigma(seen.flatness(self.share)) >= self.suspicious

    def add(self, seen: Roughness, still: Roughness | None) -> None:
        """Read two pictures, and again with the camera's motion taken out where that was worth it:
        the lesser is the noise."""
        looks = [seen, still] if still and self.suspects(seen) else [seen]
        flat = min((look.flatness(self.share) for look in looks), key=estimators.noise_sigma)
        self.sigmas.append(estimators.noise_sigma(flat))
        self.coarseness.append(estimators.noise_coarseness(flat))


@dataclass
class _Found:
    """What the runs showed so far."""

    matrix: str
    pictures: int = 0
    noise: _Noise = field(default_factory=lambda: _Noise(FLATTEST, _SUSPICIOUS))
    hidden: _Noise = field(default_factory=lambda: _Noise(FLATTER, _SUSPICIOUS_REST))
    unforeseen: list[float] = field(default_factory=list)
    plain: list[Plain] = field(default_factory=list)
    blocks: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    even: bool = False
    sharpness: list[float] = field(default_factory=list)
    half_sharpness: list[float] = field(default_factory=list)
    sharpest: list[float] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    casts: list[Any] = field(default_factory=list)
    chroma: list[float] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    hues: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    shades: list[float] = field(default_factory=list)
    flicker: list[float] = field(default_factory=list)
    shake: list[float] = field(default_factory=list)
    luma: np.ndarray[Any, Any] | None = None
    lights: np.ndarray[Any, Any] | None = None
    scale: Scale | None = None
    transparent: bool = False
    captions: bool = False
    said_woven: bool = False
    sizes: list[tuple[int, int]] = field(default_factory=list)
    dynamic_hdr: set[str] = field(default_factory=set)

    def add(self, run: list[VideoFrame], full_range: bool) -> None:
        """Measure one run, up to where its format changes."""
        form = run[0].format.name
        self.sizes += [(frame.width, frame.height) for frame in run]
        run = list(takewhile(lambda frame: frame.format.name == form, run))
        pictures = [_luma(frame) for frame in run]
        self.pictures += len(run)
        self.said_woven |= any(frame.interlaced_frame for frame in run)
        self.captions |= any(Type.A53_CC in side_data(frame) for frame in run)
        scale = Scale(_depth(run[0]), full_range and not is_rgb(run[0]))
        if self.scale is not None and scale != self.scale:
            return  # the format changed midway: the first one's measures are kept
        self.scale = scale
        may_weave = self.said_woven or len(pictures[0]) >= fields.LEAST_LINES
        woven = may_weave and self._add_orders([_bands(plane) for plane in pictures])
        # Of woven pictures, one field: the other moves against it.
        self._add_noise([plane[::2] for plane in pictures] if woven else pictures, scale)
        middle = pictures[len(run) // 2]
        box = estimators.inside_bars(middle, scale)
        if box is not None:  # what is all black does not tell
            self.shares.append(middle[box].size / middle.size)
        box = box or (slice(None), slice(None))
        self._add_levels([plane[box] for plane in pictures if plane.shape == middle.shape])
        self._add_motion(pictures, scale)
        self._add_single(run[len(run) // 2], middle, scale, box)

    def _add_noise(self, planes: list[Plane], scale: Scale) -> None:
        suspicious = []
        for first, second in estimators.neighbours(planes)[:3]:
            seen = estimators.roughness(_bands(first), _bands(second), scale)
            if seen is None:
                continue
            still = None
            if self.noise.suspects(seen) or self.hidden.suspects(seen):
                # It may be texture that moves: noise does not move along with the picture.
                suspicious.append((first, second))
                still = estimators.roughness(*motion.aligned(first, second), scale)
            self.noise.add(seen, still)
            self.hidden.add(seen, still)
        self.unforeseen += [following.unforeseen(*pair, scale) for pair in suspicious[:1]]

    def _add_orders(self, planes: list[Plane]) -> bool:
        """Look for fields; says whether these pictures are woven of them."""
        orders = []
        for before, picture, after in zip(planes, planes[1:], planes[2:], strict=False):
            if before.shape == picture.shape == after.shape:
                weave = fields.weave(before, picture, after)
                # What moves and does not tell is a vote as well: against whatever others say.
                order = weave.order(said=self.said_woven)
                orders += [order or "unsure"] if weave.own > 0 else []
        self.orders += orders
        return _field_order(orders) is not None

    def _add_levels(self, planes: list[Plane]) -> None:
        assert self.scale is not None
        for plane in planes[::2]:
            counts = estimators.histogram(plane, self.scale.depth)
            self.luma = counts if self.luma is None else self.luma + counts
            counts = estimators.pixel_histogram(plane, self.scale.depth)
            self.lights = counts if self.lights is None else self.lights + counts

    def _add_motion(self, planes: list[Plane], scale: Scale) -> None:
        self.shake.append(motion.shake(planes))
        means = [float(plane[::4, ::4].mean()) / scale.step() for plane in planes]
        self.flicker.append(light.flicker(means))

    def _add_single(self, frame: VideoFrame, luma: Plane, scale: Scale, box: Box) -> None:
        block, sharp = estimators.blockiness(luma), estimators.sharpness(luma, scale)
        rest, part = estimators.sharpness(half(luma), scale), estimators.sharpest(luma, scale)
        self.blocks += [block] if block is not None else []
        self.sharpness += [sharp] if sharp is not None else []
        self.half_sharpness += [rest] if rest is not None else []
        self.sharpest += [part] if part is not None else []
        self.plain.append(estimators.plain(_bands(luma[box]), scale))
        self.steps += quantiser_steps(frame)
        self.even = self.even or _rounds_evenly(frame)
        self.chroma.append(_chroma_spread(frame))
        levels, blue, red = _part(_small(frame, luma, scale), box, luma.shape)
        self.floors.append(light.floor(levels, blue, red))
        small = np.clip(light.to_rgb(levels, blue, red, self.matrix), 0, 255)
        calm = light.calm(small)
        self.hues.append(light.hues(calm))
        self.shades.append(light.shade(calm))
        # Estimates look at the brightest pixels and at steps: noise would tint both.
        is_noisy = bool(self.noise.sigmas) and self.noise.sigmas[-1] >= _SUSPICIOUS
        casts = light.casts(calm if is_noisy else small)
        self.casts.append(casts)
        self.peaks.append(light.peak(calm, light.agreed_cast(casts)))
        self.transparent = self.transparent or _see_through(frame)
        kinds = side_data(frame)
        self.dynamic_hdr |= {name for kind, name in _DYNAMIC_HDR.items() if kind in kinds}

    def analysis(self) -> Analysis:
        """All of it in one."""
        partly = _partly(self.orders) if self.said_woven else None
        unforeseen = _median(self.unforeseen)
        return Analysis(
            pictures=self.pictures,
            noise=_median(self.noise.sigmas),
            coarseness=_median(self.noise.coarseness) or 1.0,
            hidden_noise=_median(self.hidden.sigmas),
            hidden_coarseness=_median(self.hidden.coarseness) or 1.0,
            unforeseen=1.0 if unforeseen is None else unforeseen,
            black=self._level(self.luma, 0.005),
            white=self._level(self.luma, 0.995),
            darkest=self._level(self.lights, 0.0001),
            brightest=self._level(self.lights, 0.9999),
            # The brightest run tells: what is within bounds there is so everywhere.
            peak=round(max(self.peaks), 2) if self.peaks else None,
            floor=round(min(self.floors), 2) if self.floors else None,
            shade=_median(self.shades),
            chroma=_median(self.chroma),
            plain=_median([seen.shown for seen in self.plain]) or 0.0,
            plain_within=_median([seen.within for seen in self.plain]) or 0.0,
            blockiness=_median(self.blocks),
            quantiser=_median(self.steps),
            even=self.even,
            sharpness=_median(self.sharpness),
            half_sharpness=_median(self.half_sharpness),
            # What is sharp for a while was not damaged: a focus that is pulled.
            sharpest=round(max(self.sharpest), 3) if self.sharpest else None,
            interlaced=_field_order(self.orders) if partly is None else None,
            partly=partly,
            cast=_median_casts(self.casts),
            # A film of which one part has colours is no monochrome one.
            hues=round(max(self.hues), 4) if self.hues else None,
            flicker=_median(self.flicker) or 0.0,
            shake=_median(self.shake) or 0.0,
            bars=bool(self.shares) and max(self.shares) < _FILLED,
            changing=len(set(self.sizes)) > 1,
            largest=_largest(self.sizes),
            transparent=self.transparent,
            captions=self.captions,
            dynamic_hdr=tuple(sorted(self.dynamic_hdr)),
        )

    def _level(self, counts: np.ndarray[Any, Any] | None, share: float) -> float | None:
        if counts is None or self.scale is None:
            return None
        return round(self.scale.levels(estimators.percentile(counts, share)), 2)


def _median(values: list[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def _largest(sizes: list[tuple[int, int]]) -> tuple[int, int] | None:
    """The size of most pixels, where it has more than the first one."""
    size = max(sizes, key=lambda size: size[0] * size[1], default=None)
    return size if size is not None and size[0] * size[1] > sizes[0][0] * sizes[0][1] else None


def _median_casts(casts: list[Any]) -> tuple[tuple[float, float], ...] | None:
    if not casts:
        return None
    middle = np.median(np.array(casts), axis=0).round(4).tolist()
    return tuple((red, blue) for red, blue in middle)


def _field_order(orders: list[str]) -> str | None:
    """The field order that most moving pictures agree on; a few of them are not enough to say."""
    for order in ("tff", "bff"):
        if orders.count(order) >= max(3, 0.6 * len(orders)):
            return order
    return None


def _partly(orders: list[str]) -> str | None:
    """The field order of woven pictures among whole ones: of telecined film, two in five are so."""
    tops, bottoms = orders.count("tff"), orders.count("bff")
    some = max(3, _SOME * len(orders))
    if min(max(tops, bottoms), orders.count("progressive")) < some or min(tops, bottoms) > 1:
        return None
    return "tff" if tops > bottoms else "bff"


# --- Planes ---------------------------------------------------------------------------------------


def _depth(frame: VideoFrame) -> int:
    form = pixels.describe(frame.format.name)
    return pixels.depth_of(pixels.target(form) or "") if form else 8


def _luma(frame: VideoFrame) -> Plane:
    """The luma plane; RGB is converted, for that is what the filters will see."""
    return plane_of(_planar(frame), 0)


def _planar(frame: VideoFrame) -> VideoFrame:
    name = frame.format.name
    form = pixels.describe(name)
    wanted = (pixels.target(form) if form else None) or "yuv444p"
    ready = name.startswith(("yuv4", "yuvj4", "gray")) and not name.endswith("be")
    # Of 9, 14 or 16 bits, the filters will not see as many either.
    if ready and form is not None and form.depth == pixels.depth_of(wanted):
        return frame
    if not is_rgb(frame):
        return frame.reformat(format=wanted)
    # Most RGB is said to be of full range, which would become that of the result.
    return frame.reformat(
        format=wanted,
        dst_color_range=ColorRange.MPEG,
        dst_colorspace=COLOURSPACES[usual_matrix(frame.height)],
    )


def _bands(plane: Plane) -> Plane:
    """Of a large picture, four bands from top to bottom: as telling, in a quarter of the time."""
    if plane.size <= _BAND_PIXELS:
        return plane
    # On the grid of blocks and on even lines, so that neither blocks nor fields are lost.
    step = (plane.shape[0] - _BAND_LINES) // (_BANDS - 1) // 16 * 16
    left = max(plane.shape[1] - 2048, 0) // 2 // 16 * 16
    starts = [band * step for band in range(_BANDS)]
    return np.concatenate([plane[y : y + _BAND_LINES, left : left + 2048] for y in starts])


def _chroma_spread(frame: VideoFrame) -> float:
    planar = _planar(frame)
    if len(planar.format.components) < 3:
        return 0.0
    unit = 1 << (_depth(frame) - 8)
    spread = [
        np.percentile(np.abs(plane_of(planar, n)[::4, ::4].astype(np.float32) / unit - 128), 99)
        for n in (1, 2)
    ]
    return float(max(spread))


def _small(frame: VideoFrame, luma: Plane, scale: Scale) -> Plane:
    """Luma, Cb and Cr at some 320 columns, in levels: noise and subsampled chroma are averaged
    out."""
    planar = _planar(frame)
    if len(planar.format.components) < 3:
        return np.zeros((3, 1, 1), np.float32)
    step = max(2, luma.shape[1] // 320 // 2 * 2)
    chroma = [plane_of(planar, n) for n in (1, 2)]
    # No finer than chroma, of which 4:1:1 has a quarter.
    high, wide = (min(n // step, m) for n, m in zip(luma.shape, chroma[0].shape, strict=True))
    if high == 0 or wide == 0:
        return np.zeros((3, 1, 1), np.float32)
    shape = (high, wide)
    levels = (_pooled(luma, shape) - scale.black) / scale.step()
    # Chroma spans 224 levels where luma spans 219.
    chroma_step = scale.unit if scale.full else scale.unit * 224 / 255
    grey = 128 * scale.unit
    blue, red = ((_pooled(plane, shape) - grey) / chroma_step for plane in chroma)
    return np.stack([levels, blue, red])


def _part(small: Plane, box: Box, shape: tuple[int, ...]) -> Plane:
    """What of a picture that was made smaller lies within a box of the whole one."""
    slices = []
    for chosen, whole, size in zip(box, shape, small.shape[1:], strict=True):
        first, last, _ = chosen.indices(whole)
        begin = min(-(-first * size // whole), size - 1)
        slices.append(slice(begin, max(last * size // whole, begin + 1)))
    return small[:, slices[0], slices[1]]


def _pooled(values: Plane, shape: tuple[int, int]) -> Plane:
    """Means of equal blocks, so many rows and columns of them."""
    high, wide = (max(1, n // wanted) for n, wanted in zip(values.shape, shape, strict=True))
    return block_means(values, high, wide)[: shape[0], : shape[1]]


def _quantiser_parameter(data: VideoEncParams) -> float:
    """The parameter of the middle block; the picture's own where blocks do not lie in a grid."""
    try:
        return float(np.median(data.qp_map())) if data.nb_blocks else float(data.qp)
    except RuntimeError:
        return float(data.qp)


# Which scale a decoder's quantiser parameter is on: AVVideoEncParamsType.
_H264, _MPEG2 = 1, 2


def quantiser_steps(frame: VideoFrame) -> list[float]:
    """The step in levels: H.264 doubles it every six (ITU-T H.264, 8.5.8), MPEG counts in it."""
    steps = []
    for data in side_data(frame).values():
        if isinstance(data, VideoEncParams):
            parameter = _quantiser_parameter(data)
            if data.codec_type == _H264:
                steps.append(0.625 * 2 ** (parameter / 6))
            elif data.codec_type == _MPEG2:
                steps.append(parameter)
    return steps


def _rounds_evenly(frame: VideoFrame) -> bool:
    told = (data for data in side_data(frame).values() if isinstance(data, VideoEncParams))
    return any(data.codec_type == _H264 for data in told)


def _see_through(frame: VideoFrame) -> bool:
    if not any(component.is_alpha for component in frame.format.components):
        return frame.format.has_palette and bool(
            (frame.reformat(format="rgba").to_ndarray()[..., 3] < 250).any()
        )
    return bool((frame.reformat(format="rgba").to_ndarray()[..., 3] < 250).any())
