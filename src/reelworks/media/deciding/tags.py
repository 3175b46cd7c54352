"""Decides which of a file's own tags (title, place, date …) its result carries. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reelworks.media.facts import Probe
from reelworks.media.formats.containers import Container

_OF_THE_FILE = frozenset(
    {
        *("major_brand", "minor_version", "compatible_brands", "encoder", "encoding_tool"),
        *("duration", "handler_name", "vendor_id"),
    }
)
"""They describe the file itself, and the result is another one."""

_OF_FLASH = frozenset(
    {
        *("hasvideo", "hasaudio", "hasmetadata", "haskeyframes", "hascuepoints", "canseektoend"),
        *("datasize", "videosize", "audiosize", "filesize", "bytelength", "totalframes"),
        *("lasttimestamp", "lastkeyframetimestamp", "lastkeyframelocation", "audiodelay"),
        *("videodatarate", "audiodatarate", "totaldatarate", "totalduration", "framerate"),
        *("videocodecid", "audiocodecid", "audiosamplerate", "audiosamplesize", "stereo"),
        *("width", "height"),
    }
)
"""What writers of Flash videos note of the file beside its title and the like."""

_COUNTED = re.compile(r"(BPS|NUMBER_OF_(FRAMES|BYTES)|_STATISTICS_\w+)(-\w+)?")
"""What writers of Matroska count of a track; some name a language with it."""

_ITUNES_TEXTS = frozenset(
    {
        *("title", "artist", "album_artist", "album", "composer", "date", "comment", "genre"),
        *("copyright", "description", "synopsis", "show", "episode_id", "network", "lyrics"),
        *("grouping", "keywords"),
    }
)
_ITUNES_NUMBERS = frozenset(
    {
        *("compilation", "season_number", "episode_sort", "media_type", "hd_video"),
        "gapless_playback",
    }
)
_ITUNES_COUNTS = frozenset({"track", "disc"})
"""What MP4's ordinary list of tags holds, besides place and time of the shot."""

_FEW = frozenset({"location", "creation_time"})

_PLACE = re.compile(r"[+-]\d+(\.\d+)?[+-]\d+(\.\d+)?([+-]\d+(\.\d+)?)?/?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?")
_NO_TIME = ("1904-01-01", "1970-01-01")  # a clock that was never set
_LONGEST = 30_000
"""Characters of a tag that goes into FFmpeg's arguments."""

# "title-eng" beside "title": the same text once more, with its language.
_LOCALISED = re.compile(r"(.+)-[a-z]{3}")


def file_tags(probe: Probe) -> dict[str, str]:
    """The tags of the source as a whole, by their names in small letters, without those that
    describe the file itself."""
    tags = {**ogg_tags(probe), **probe.raw.get("format", {}).get("tags", {})}
    named = {tag_name(key): str(value).strip() for key, value in tags.items()}
    named = {key: value for key, value in named.items() if not _is_of_flash(key, probe)}
    return {key: value for key, value in named.items() if value and _is_own(key, value, named)}


def stale_tags(probe: Probe) -> list[str]:
    """The names, as the source spells them, of tags that are not true of the result."""
    said = probe.raw.get("format", {}).get("tags", {})
    return [key for key in said if _is_of_flash(tag_name(key), probe)]


def counted_tags(probe: Probe, index: int) -> list[str]:
    """The names of tags of a stream that are not true of it once it is encoded anew."""
    streams = (s for s in probe.raw.get("streams", []) if s.get("index") == index)
    return [key for stream in streams for key in stream.get("tags", {}) if _COUNTED.fullmatch(key)]


def kept_tags(probe: Probe, box: Container, *, long_list: bool) -> dict[str, str]:
    """Those that the result carries.

    Args:
        long_list: whether an MP4 has QuickTime's extensible list in place of the ordinary one.
    """
    tags = file_tags(probe)
    return {key: value for key, value in tags.items() if _fits(key, value, box, long_list)}


def needs_long_list(probe: Probe) -> bool:
    """Whether there are tags that MP4's ordinary list cannot hold."""
    return any(not _is_itunes(key, value) for key, value in file_tags(probe).items())


def same_tag(key: str, wanted: str, found: str) -> bool:
    """Whether a result's tag says what the source's says, as its container spells it."""
    if key == "location" and _PLACE.fullmatch(wanted):
        return _same_place(wanted, found)
    if key == "creation_time":
        return found[:19].replace(" ", "T") == wanted[:19].replace(" ", "T")
    # A tag that comes several times is joined by newer versions of libav.
    return wanted == found.strip() or wanted in found.split(";")


def tag_name(key: str) -> str:
    """By what a tag is known again: Matroska writes names in capitals, without blanks."""
    return key.lower().replace(" ", "_")


def ogg_tags(probe: Probe) -> dict[str, str]:
    """Ogg has the file's tags in its tracks, where FFmpeg would leave them; empty for others."""
    if probe.demuxer != "ogg":
        return {}
    tags: dict[str, str] = {}
    for stream in probe.raw.get("streams", []):
        for key, value in stream.get("tags", {}).items():
            if len(value) <= _LONGEST and key.lower() != "language":
                tags.setdefault(key, value)
    return tags


def _is_of_flash(key: str, probe: Probe) -> bool:
    return probe.demuxer == "flv" and key in _OF_FLASH


def _is_own(key: str, value: str, tags: Mapping[str, str]) -> bool:
    localised = _LOCALISED.fullmatch(key)
    if key in _OF_THE_FILE or (localised and localised[1] in {*tags, *_OF_THE_FILE}):
        return False
    if key == "creation_time":
        return bool(_TIME.fullmatch(value)) and not value.startswith(_NO_TIME)
    return True


def _fits(key: str, value: str, box: Container, long_list: bool) -> bool:
    if box.tags == "few":
        return key in _FEW and _is_itunes(key, value)
    return box.tags == "all" or (box.tags == "itunes" and (long_list or _is_itunes(key, value)))


def _is_itunes(key: str, value: str) -> bool:
    if key in _ITUNES_NUMBERS:
        return value.isascii() and value.isdigit() and int(value) < 256
    if key in _ITUNES_COUNTS:
        return bool(re.fullmatch(r"[1-9]\d{0,3}(/[1-9]\d{0,3})?", value))
    if key == "location":
        return bool(_PLACE.fullmatch(value))
    return key in _ITUNES_TEXTS or key == "creation_time"


def _same_place(wanted: str, found: str) -> bool:
    """MP4 holds degrees in 16.16 bits, and libav reads four digits of them."""
    old, new = (re.findall(r"[+-]\d+(?:\.\d+)?", text) for text in (wanted, found))
    return len(old) == len(new) and all(
        abs(float(a) - float(b)) < 0.01 for a, b in zip(old, new, strict=True)
    )
