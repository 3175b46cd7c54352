"""When FFmpeg shows the pictures of a film whose packets' times cannot be kept. In the child only.

Damage costs pictures, or makes a decoder hand them out in another order than their times; then the
packets do not tell when each picture is shown, and the decoder is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reelworks.media.children.child import Moved
from reelworks.media.probing.reading import decoded, open_video, prepare

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_NEVER = -(1 << 63)


def decoder_times(source: Path, main: int, moved: Moved) -> list[int]:
    """When each picture that decodes is shown, in the stream's ticks, each behind the one before.

    Args:
        main: the stream.
        moved: told the number of pictures decoded so far.
    """
    with open_video(source) as container:
        stream = cast("VideoStream", container.streams[main])
        prepare(stream.codec_context)
        told = []
        for number, frame in enumerate(decoded(container, stream, stream.codec_context), start=1):
            moved(number)
            told.append((frame.pts, frame.dts))
    times: list[int] = []
    for time in _guessed(told):
        times.append(max(time, times[-1] + 1) if times else time)
    return times


def _guessed(told: Iterable[tuple[int | None, int | None]]) -> Iterator[int]:
    """The times that FFmpeg takes: those of showing, unless they go back more often than those of
    decoding do."""
    last_pts = last_dts = _NEVER
    wrong_pts = wrong_dts = 0
    for pts, dts in told:
        if dts is not None:
            wrong_dts += dts <= last_dts
        if pts is not None:
            wrong_pts += pts <= last_pts
        last_dts = dts if dts is not None else last_dts if pts is None else pts
        last_pts = pts if pts is not None else last_pts if dts is None else dts
        guess = pts if dts is None or (pts is not None and wrong_pts <= wrong_dts) else dts
        if guess is not None:
            yield guess
