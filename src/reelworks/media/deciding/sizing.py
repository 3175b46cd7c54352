"""How large a result is: enlarged where planned, padded where its encoding needs it. Pure."""

from __future__ import annotations

from reelworks.media.deciding.choosing import Needs
from reelworks.media.deciding.encoders import Encoder
from reelworks.media.deciding.plan import Filter, enlargement
from reelworks.media.facts import Picture


def size_of(picture: Picture, filters: tuple[Filter, ...]) -> tuple[int, int]:
    """The displayed size, enlarged where that is among the filters."""
    times = enlargement(filters)
    width, height = picture.displayed_size
    return width * times, height * times


def padded(
    picture: Picture, needs: Needs, encoder: Encoder
) -> tuple[tuple[int, int], tuple[Filter, ...]]:
    """The result's size, and the padding where the encoder cannot take an odd one."""
    (width, height), format_ = needs.size, needs.pixel_format
    if encoder.codec == "vp9" or "444" in format_:
        return (width, height), ()
    right = width % 2
    bottom = height % 2 if "420" in format_ else 0
    if not right and not bottom:
        return (width, height), ()
    wanted = (width + right, height + bottom)
    return wanted, (_pad(picture, wanted, right, bottom, format_),)


def _pad(
    picture: Picture, wanted: tuple[int, int], right: int, bottom: int, format_: str
) -> Filter:
    """Repeat the last column or line of luma. Chroma of an odd size has a sample for it already,
    which FFmpeg's own padding would cut off: so each plane is padded by itself."""
    width, height = wanted
    smear = f"fillborders=right={right}:bottom={bottom}:mode=smear"
    merge = f"mergeplanes=format={format_}:map0s=0:map1s=1:map2s=2"
    return Filter(
        name="pad",
        # Said again: a filter in front that could give many formats, and one here that takes many,
        # would not agree on one.
        expression=f"format={format_},extractplanes=y+u+v[y][u][v];"
        f"[y]pad={width}:{height}:0:0,{smear}[padded];[padded][u][v]{merge}{_named(picture)}",
        strength=1.0,
        reason=f"Its odd size becomes {width}×{height}: the last line or column is repeated once, "
        "as its encoding needs even sizes.",
    )


def _named(picture: Picture) -> str:
    """Names colours again, for planes that are put together have lost all but matrix and range."""
    tags = {"color_primaries": picture.primaries, "color_trc": picture.transfer}
    said = ":".join(f"{key}={name}" for key, name in tags.items() if name is not None)
    return f",setparams={said}" if said else ""
