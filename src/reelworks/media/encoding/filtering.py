"""Writes the chain of filters that every picture of a film goes through. Pure."""

from __future__ import annotations

from reelworks.media.deciding.framing import SCALER_KNOWS, framed, is_settled, same_shape
from reelworks.media.deciding.plan import Plan
from reelworks.media.facts import Picture, Probe, usual_matrix
from reelworks.media.formats import pixels

_SCALER_NAMES = {"bt470bg": "bt601", "smpte170m": "bt601", "bt2020nc": "bt2020"}


_IN_ORDER = r"setpts='if(gt(PTS\,PREV_OUTPTS)+isnan(PREV_OUTPTS)\,PTS\,PREV_OUTPTS+1)'"
"""Moves each picture behind the one before it. Of damaged films, FFmpeg's decoders give several
pictures one time, however well the packets' times are told."""


def filter_chain(probe: Probe, plan: Plan) -> list[str]:
    """Every filter in order: time, turning, colour, then what the plan enhances."""
    picture = probe.picture
    early = [f.expression for f in plan.filters if f.name == "deinterlace"]
    refused = _is_refused(picture)
    return [
        *(("setparams=colorspace=unknown",) if refused else ()),
        *_settled(probe, plan),
        *_timestamps(plan),
        *early,
        *(plan.turn or ()),
        *_colours(picture, plan),
        *_borrowed(picture),
        *_one_view(picture),
        *_late(plan),
        # What was kept from the scaler, once all is done that may need one.
        *(_named_matrix(picture) if refused else ()),
    ]


def _late(plan: Plan) -> list[str]:
    """What the plan enhances in whole, upright pictures. What is seen through them stays as it is,
    and goes around the filters, of which some would lose it."""
    late = [f for f in plan.filters if f.name != "deinterlace"]
    within = [f.expression for f in late if f.name != "upscale"]
    if "yuva" not in plan.pixel_format or not within:
        return [f.expression for f in late]
    around = (
        "split[colours][whole];[whole]alphaextract[alpha];"
        f"[colours]{','.join(within)}[filtered];[filtered][alpha]alphamerge"
    )
    return [around, *(f.expression for f in late if f.name == "upscale")]


def _is_refused(picture: Picture) -> bool:
    """Whether FFmpeg's scaler would refuse its matrix, of which it then is not told: it need not
    know one, but to bring pixels to a format, as those of full range from one of the old names."""
    return picture.mistaken or picture.matrix not in SCALER_KNOWS | {"gbr"}


def _settled(probe: Probe, plan: Plan) -> list[str]:
    # What does not change is handed on as it is.
    picture = framed(probe, plan.frame).picture
    if not is_settled(picture, plan):
        return []
    same = same_shape(probe)
    if same is not None:
        return _fitted(picture.width, picture.height, same)
    return [f"scale={picture.width}:{picture.height}:interl=-1"]


def _fitted(width: int, height: int, same: float) -> list[str]:
    """Into the frame, with bars where they have another shape: stretched to it, faces would be
    squashed."""
    wider = f"iw*{height}/ih/{width}"
    narrow, wide = f"lt({wider}\\,1/{same})", f"gt({wider}\\,{same})"
    fitting = (
        f"if({narrow}\\,max(2*trunc({width}*{wider}/2)\\,2)\\,{width})",
        f"if({wide}\\,max(2*trunc({height}/({wider})/2)\\,2)\\,{height})",
    )
    return [
        f"scale=w={fitting[0]}:h={fitting[1]}:eval=frame:interl=-1",
        f"pad={width}:{height}:-1:-1:eval=frame",
        # Fitting leaves pixels that are not quite square; and what FFmpeg had seen of the file
        # beforehand may have had another shape.
        "setsar=1",
    ]


def _timestamps(plan: Plan) -> list[str]:
    if plan.retime == "constant":
        return []
    # Whole milliseconds, which every container can hold.
    return [*(["settb=1/1000"] if plan.retime == "repair" else []), _IN_ORDER]


def _colours(picture: Picture, plan: Plan) -> list[str]:
    """To the pixel format that filters and encoder share.

    YUV stays YUV and its levels are not touched, whatever its tags say. RGB has no matrix of its
    own, so the usual one for its size is taken, and named.
    """
    form = pixels.describe(picture.pixel_format)
    if form is not None and form.family == "gray" and picture.range is not None:
        # FFmpeg takes grey for full range, whatever it is said to be: levels stay as they are if
        # YUV is taken for that, too, and said to be the source's range only then.
        kept = f"scale=in_range=pc:out_range=pc,format={plan.pixel_format}"
        return [kept, f"setparams=range={picture.range}"]
    if form is None or form.family not in ("rgb", "palette"):
        # The decoder that brings transparency along does not say which matrix VP8 has.
        named = _named_matrix(picture) if plan.decoder is not None else []
        return [f"format={plan.pixel_format}", *named]
    matrix = usual_matrix(picture.height)
    name = _SCALER_NAMES.get(matrix, matrix)
    return [
        # Full chroma, and rounding that does not depend on the machine.
        f"scale=out_color_matrix={name}:out_range=tv:flags=accurate_rnd+full_chroma_inp",
        f"format={plan.pixel_format}",
        f"setparams=colorspace={matrix}:range=tv",
    ]


def _borrowed(picture: Picture) -> list[str]:
    """The colours that the container alone tells; the decoder of HEVC does not hand them on."""
    keys = {"matrix": "colorspace", "primaries": "color_primaries", "transfer": "color_trc"}
    named = [f"{keys[name]}={getattr(picture, name)}" for name in picture.borrowed]
    return [f"setparams={':'.join(named)}"] if named else []


def _one_view(picture: Picture) -> list[str]:
    """Where the other eye's view is left out, the result must not promise it."""
    return ["sidedata=mode=delete:type=STEREO3D"] if picture.views else []


def _named_matrix(picture: Picture) -> list[str]:
    return [f"setparams=colorspace={picture.matrix}"] if picture.matrix is not None else []
