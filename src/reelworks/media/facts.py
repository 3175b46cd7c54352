"""What is known of a video file: the nouns that the media functions hand to each other.

Times are exact fractions of a second; floats only appear where something is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

_LONGEST_PIXEL = 255
"""Times as wide as high, or as high as wide; FFmpeg lets no encoder say more."""

StreamKind = Literal["video", "audio", "subtitle", "data", "attachment"]


def usual_matrix(lines: int) -> str:
    """The matrix of video that does not say: HD has BT.709, less has BT.601."""
    return "bt709" if lines >= 720 else "smpte170m"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """One stream of a container.

    Attributes:
        index: its number in the file, as FFmpeg counts.
        codec: libav's name of its codec; "unknown" where it has none.
        language: its language tag, or None.
        default: whether it carries the default disposition.
        attached_picture: a cover, not a video.
        text: for subtitles, whether they are text rather than pictures.
        stranger: whether it belongs to another programme of a transport stream.
        changing: whether it becomes another kind of stream on the way, by the container's own
            tables.
        empty: whether a walk over the packets found none of it; False where they were not counted.
        pieced: whether an edit list puts it together of several pieces; False likewise.
    """

    index: int
    kind: StreamKind
    codec: str
    language: str | None = None
    default: bool = False
    attached_picture: bool = False
    text: bool = False
    stranger: bool = False
    changing: bool = False
    empty: bool = False
    pieced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """How the pictures of the main video stream are stored and shown.

    Attributes:
        index: the stream's number in the file.
        codec: libav's name.
        width, height: as stored, in pixels.
        rotation: degrees clockwise, 0, 90, 180 or 270, by which a player turns it to show it.
        mirrored: whether a player also mirrors it.
        oblique: whether it is said to be turned by some angle in between; ``rotation`` is the
            quarter turn that is nearest to it.
        sample_aspect: width of a pixel over its height.
        pixel_format: libav's name.
        bit_depth: bits of a component.
        alpha: whether a plane of transparency comes with it.
        matrix, range, primaries, transfer: libav's names ("bt709", "tv", "smpte2084" …), or None
            where the stream does not say.
        field_order: "progressive", "tt", "bb", "tb", "bt", or None where the stream does not say.
        time_base: seconds of one tick.
        average_rate: frames a second as the container declares; None where it does not.
        hdr: mastering display and light level as libav's side data, empty where there is none.
        borrowed: which of "matrix", "primaries" and "transfer" the container alone tells, where
            the decoder forgets it.
        mistaken: whether somebody says that it is R'G'B', which it is not.
        spherical: whether it is laid around the viewer, as 360° cameras make it.
        stereo: whether it holds the views of both eyes: how often that is said, by the container
            and within the pictures.
        views: whether the other eye's view is a layer of its own, as in telephones' spatial videos.
        coded: whether nothing but Dolby Vision's data tells what its colours are (profile 5).
    """

    index: int
    codec: str
    width: int
    height: int
    rotation: int
    sample_aspect: Fraction
    pixel_format: str
    bit_depth: int
    alpha: bool
    matrix: str | None
    range: str | None
    primaries: str | None
    transfer: str | None
    field_order: str | None
    time_base: Fraction
    average_rate: Fraction | None
    mirrored: bool = False
    oblique: bool = False
    hdr: dict[str, Any] = field(default_factory=dict)
    borrowed: tuple[str, ...] = ()
    mistaken: bool = False
    spherical: bool = False
    stereo: int = 0
    views: bool = False
    coded: bool = False

    @property
    def displayed_size(self) -> tuple[int, int]:
        """Width and height after rotation, in stored pixels."""
        if self.rotation in (90, 270):
            return self.height, self.width
        return self.width, self.height

    @property
    def stored_aspect(self) -> Fraction:
        """Width of a pixel over its height; 1 where that is not said, or nobody can mean it."""
        plausible = 1 <= self.sample_aspect * _LONGEST_PIXEL <= _LONGEST_PIXEL**2
        return self.sample_aspect if plausible else Fraction(1)

    @property
    def displayed_aspect(self) -> Fraction:
        """The same after rotation."""
        aspect = self.stored_aspect
        return 1 / aspect if self.rotation in (90, 270) else aspect

    @property
    def is_hdr(self) -> bool:
        """Whether its transfer function is PQ or HLG."""
        return self.transfer in ("smpte2084", "arib-std-b67")

    @property
    def alpha_decoder(self) -> str | None:
        """libav's decoder that brings along the transparency beside the pictures, which its own of
        VP8 and VP9 leave out; None where there is none."""
        return {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(self.codec) if self.alpha else None

    @property
    def working_matrix(self) -> str:
        """The matrix to read it with: its own, or the usual one for its size where it is untagged,
        or of RGB, which is brought to that one."""
        return self.matrix if self.matrix not in (None, "gbr") else usual_matrix(self.height)

    def matrix_at(self, times: int) -> str | None:
        """The matrix that it must name, so many times as high: where it names none, players would
        take another one from a certain height on."""
        usual = usual_matrix(self.height)
        if self.matrix is None and usual_matrix(self.height * times) != usual:
            return usual
        return self.matrix


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """What a pass over the packets of the main video stream tells; nothing is decoded for it.

    Attributes:
        packets: how many packets it has.
        usual: from most packets' start to the next one's, in seconds; 0 where they have none.
        fields: whether each packet holds a field, which is half a picture.
        duration: from the first picture's start to the last one's end, in seconds; at least 0.
        sound: whether every packet has a presentation time that is to be believed, and no two have
            the same one.
        constant: whether the pictures are evenly spaced, within a tick.
        early: by how many seconds the first picture comes before what libav takes for the file's
            beginning; FFmpeg would have it start before zero, where a result may not show it.
        late: by how many it comes after it.
        decoding: whether its times are only those of decoding, and pictures are shown in another
            order.
        sparse: whether one of the file's streams pauses for long while another goes on, or always.
        size_bytes: of all its packets; 0 where that is not known.
        apart: whether the file's streams are read each by itself: together, what is missing of one
            ends them all.
        joined: whether the file is made of several that were put one behind the other, each with a
            clock of its own.
    """

    packets: int
    duration: Fraction
    sound: bool
    constant: bool
    early: Fraction = Fraction(0)
    late: Fraction = Fraction(0)
    decoding: bool = False
    sparse: bool = False
    size_bytes: int = 0
    usual: Fraction = Fraction(0)
    fields: bool = False
    apart: bool = False
    joined: bool = False

    @property
    def pictures(self) -> int:
        """How many pictures its packets hold, where nothing is damaged."""
        return (self.packets + 1) // 2 if self.fields else self.packets


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """What a file is, as far as can be told without decoding it whole.

    Attributes:
        container: short name ("mp4", "mov", "matroska", "webm", "avi", "mpegts" …).
        demuxer: libav's name of the demuxer, which may name several containers.
        size_bytes: length of the file.
        duration: of the whole file, counted from its packets where ``timing`` is known, in seconds.
        picture: the main video stream: the default one, else the first that is no attached picture.
        timing: of the main video stream; None when the packets were not counted.
        streams: all streams, in the file's order.
        late_sound: whether sound begins so late that it has to be looked for far into the file.
        raw: ffprobe's JSON, or the same shape built from libav (``format``, ``streams``,
            ``chapters``).
    """

    container: str
    demuxer: str
    size_bytes: int
    duration: Fraction
    picture: Picture
    timing: Timing | None
    streams: tuple[Stream, ...]
    raw: dict[str, Any]
    late_sound: bool = False

    @property
    def pictures(self) -> int:
        """How many pictures the main video stream's packets hold; 0 where they were not counted."""
        return self.timing.pictures if self.timing else 0

    @property
    def apart(self) -> bool:
        """Whether its streams are read each by itself: see ``Timing``."""
        return self.timing is not None and self.timing.apart

    def of_kind(self, kind: StreamKind) -> tuple[Stream, ...]:
        """Its streams of one kind, attached pictures left out."""
        return tuple(s for s in self.streams if s.kind == kind and not s.attached_picture)
