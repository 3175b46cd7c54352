"""Says which wishes cannot be met, and why: none is left out in silence. Pure."""

from __future__ import annotations

from reelworks.media.analysis.analyse import Analysis
from reelworks.media.deciding import remedies
from reelworks.media.deciding.options import Options
from reelworks.media.facts import Picture
from reelworks.media.formats.allowed import MAX_PIXELS


def unmet(picture: Picture, analysis: Analysis, options: Options) -> tuple[str, ...]:
    """One sentence for each wish that no filter fulfils."""
    words = (
        _unsteady(picture, analysis, options),
        _woven(picture, options),
        _untoned(picture, analysis, options),
        _unenlarged(picture, options),
    )
    return tuple(sentence for sentence in words if sentence)


def _unsteady(picture: Picture, analysis: Analysis, options: Options) -> str:
    if options.stabilise is not True or remedies.can_steady(picture, analysis):
        return ""
    pixels = "transparent" if analysis.transparent else picture.pixel_format
    return f"It cannot be steadied: no filter here does that to {pixels} pixels."


def _woven(picture: Picture, options: Options) -> str:
    if options.deinterlace is not True or remedies.can_deinterlace(picture):
        return ""
    return "It cannot be deinterlaced: its pictures are too small for that."


def _untoned(picture: Picture, analysis: Analysis, options: Options) -> str:
    asked = any(wish not in ("auto", 0) for wish in (options.levels, options.white_balance))
    if not (asked or options.saturation != 1) or remedies.can_tone(picture, analysis):
        return ""
    if picture.is_hdr:
        why = "it is HDR"
    elif analysis.transparent:
        why = "it has transparency"
    else:
        why = f"no filter here changes {picture.pixel_format} pixels"
    return f"Its light and colours stay as they are: {why}."


def _unenlarged(picture: Picture, options: Options) -> str:
    times = remedies.times_larger(picture, options)
    if times == options.upscale:
        return ""
    done = "It is not enlarged" if times == 1 else f"It is enlarged {times} times"
    width, height = (n * options.upscale for n in picture.displayed_size)
    return (
        f"{done}: {options.upscale} times would be {width}×{height} pixels, "
        f"and {MAX_PIXELS // 1_000_000} million is the limit."
    )
