"""A film that is read from wherever it is sought to. Only for use in the Python child."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, cast

import av

from reelworks.media.probing.pictures import colours
from reelworks.media.probing.reading import decoded, packets_of, prepare

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_PACKETS_TO_KEYFRAME = 2000

_LEAD, _LONGEST_LEAD = Fraction(1, 2), 2
"""Seconds by which seeks go further back, once one ended behind what it was to find."""


class Film:
    """The main video stream of an open file, read from wherever it is sought to.

    Times are seconds after its first picture.

    Attributes:
        opening: the first picture that decodes; None where none does.
        told: what the container says of its colours.
        tick: seconds of one tick.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        decoder: str | None = None,
        *,
        quantiser: bool = False,
    ) -> None:
        """Read the first picture.

        Args:
            decoder: libav decoder to use in place of the usual one.
            quantiser: whether pictures bring along how they were quantised, where the decoder
                knows.
        """
        self._container = container
        self.stream = stream
        self.tick = stream.time_base or Fraction(1)
        self._context = _other(stream, decoder) if decoder else stream.codec_context
        self.told = colours(stream.codec_context)
        prepare(self._context, quantiser=quantiser)
        self._pictures = self.pictures()
        self.opening = next(self._pictures, None)
        self._lead = Fraction()
        self._first = (self.opening.pts if self.opening else None) or 0

    def from_start(self) -> Iterator[VideoFrame]:
        """Every picture. Only once, and before the first seek."""
        if self.opening is not None:
            yield self.opening
        yield from self._pictures

    def pictures(self) -> Iterator[VideoFrame]:
        """The pictures from here on; damaged packets are passed over."""
        return decoded(self._container, self.stream, self._context)

    def time(self, frame: VideoFrame) -> Fraction | None:
        """When a picture is shown; None where it does not say."""
        return None if frame.pts is None else (frame.pts - self._first) * self.tick

    def seek(self, at: Fraction) -> bool:
        """Go to the keyframe from which the picture of a time can be decoded."""
        ticks = self._first + int((at - self._lead) / self.tick)
        try:
            self._container.seek(ticks, stream=self.stream)
        except av.FFmpegError:
            return False
        self._context.flush_buffers()
        return True

    def keyframe(self, at: Fraction) -> Fraction | None:
        """When the keyframe is shown from which the picture of a time can be decoded."""
        found = self._keyframe_behind(at)
        # Transport streams are sought in by decoding times, which come before those of showing.
        while found is not None and found > at and self._lead < _LONGEST_LEAD:
            self._lead += _LEAD
            found = self._keyframe_behind(at)
        return found

    def _keyframe_behind(self, at: Fraction) -> Fraction | None:
        """The first one from where a seek ends."""
        if not self.seek(at):
            return None
        try:
            for packet in islice(packets_of(self._container, self.stream), _PACKETS_TO_KEYFRAME):
                if packet.is_keyframe and packet.pts is not None:
                    return (packet.pts - self._first) * self.tick
        except av.FFmpegError:
            return None  # nothing can be read there; the other places have to do
        return None


def _other(stream: VideoStream, decoder: str) -> VideoCodecContext:
    context = cast("VideoCodecContext", av.CodecContext.create(decoder, "r"))
    context.extradata = stream.codec_context.extradata
    return context
