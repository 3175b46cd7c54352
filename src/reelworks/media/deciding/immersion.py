"""Pictures that are laid around the viewer, or hold a view for each eye: what players are told."""

from __future__ import annotations

from collections.abc import Iterable

from reelworks.media.deciding.encoders import Encoder
from reelworks.media.deciding.plan import Filter
from reelworks.media.facts import Picture
from reelworks.media.formats.containers import Container

_RESIZING = frozenset({"upscale", "pad"})


def keeps_sphere(picture: Picture, box: Container, filters: Iterable[Filter]) -> bool:
    """Whether the result says that it is spherical. FFmpeg forgets it where the size changes."""
    resized = any(f.name in _RESIZING for f in filters)
    return picture.spherical and box.immersive and not resized


def notes_eyes(picture: Picture, muxer: str, encoder: str) -> bool:
    """Whether the result's container says that pictures are for two eyes.

    Of MP4's notes FFmpeg writes all or none. With none, x264 says it in its stream.
    """
    if muxer in ("mp4", "mov"):
        return picture.stereo > 0 and (picture.spherical or encoder != "libx264")
    return picture.stereo > 0 and muxer in ("matroska", "webm")


def says_twice(picture: Picture, muxer: str, encoder: str) -> bool:
    """Whether x264 says so as well, unless it is taken out; FFmpeg reads no file that says it
    twice."""
    return encoder == "libx264" and notes_eyes(picture, muxer, encoder)


def lost_immersion(
    picture: Picture, box: Container, encoder: Encoder, filters: Iterable[Filter]
) -> tuple[str, ...]:
    """What the result will not say, in words."""
    lost = {
        "spherical": picture.spherical and not keeps_sphere(picture, box, filters),
        "for two eyes": picture.stereo > 0 and not (box.immersive or encoder.stereo),
    }
    other = "The other eye's view; only the main one is enhanced."
    return ((other,) if picture.views else ()) + tuple(
        f"The note that its pictures are {what}, which the result cannot hold."
        for what, is_lost in lost.items()
        if is_lost
    )
