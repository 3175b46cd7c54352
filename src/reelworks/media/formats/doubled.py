"""What FFmpeg's program must not be given twice with a picture."""

from __future__ import annotations

from reelworks.media.facts import Picture

MESSAGES = {"h264": "6", "hevc": "39|40"}
"""The units in a stream that say something about pictures, by their numbers."""


def is_said_twice(picture: Picture) -> bool:
    """Whether container and stream both say that pictures are for two eyes. libav adds what the
    one says to what the other says, and FFmpeg's filters then refuse the picture."""
    return picture.stereo > 1 and picture.codec in MESSAGES


def said_once(picture: Picture) -> list[str]:
    """FFmpeg's arguments for the file with such pictures: the container alone is listened to."""
    if not is_said_twice(picture):
        return []
    return [f"-bsf:{picture.index}", f"filter_units=remove_types={MESSAGES[picture.codec]}"]
