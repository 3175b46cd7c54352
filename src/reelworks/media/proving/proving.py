"""Compares a result with its source, and makes stills of both. Only in the Python child."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from reelworks.errors import ChildFailed
from reelworks.media.children.child import Moved
from reelworks.media.probing.ahead import ahead
from reelworks.media.probing.film import Film
from reelworks.media.probing.pictures import picture_of
from reelworks.media.probing.reading import main_video, open_video
from reelworks.media.proving import similarity, stills
from reelworks.media.proving.pairing import Pair, pairs
from reelworks.media.proving.similarity import Luma
from reelworks.media.proving.stills import Look

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

POSTER_LONGEST = 1280
COMPARE_LONGEST = 1920
"""Pixels of a picture's longer side; of the comparison, of either half's."""

_ADDED = 2
"""Lines or columns that a result may have beside what it was made of; more are no padding."""

_SECOND_HALF = 0.85
"""What a picture of the second half is worth: it may give the end away."""


def prove(
    moved: Moved,
    *,
    source: str,
    index: int,
    result: str | None,
    count: int,
    seconds: str,
    exact: bool,
    poster: str | None,
    compare: str | None,
) -> dict[str, Any]:
    """Compare, and write the stills.

    Args:
        index: of the source's main video stream.
        result: None where it is the source itself.
        count: how many pictures there are.
        seconds: how long they last, as a fraction in text.
        exact: whether times tell which picture is which.
        poster, compare: where the stills go; None where none is wanted.

    Returns:
        ``fidelity``: as in ``proof.Fidelity``, or None; ``poster``, ``compare``: whether written.
    """
    spread: dict[str, Any] = {
        "count": count,
        "seconds": Fraction(seconds),
        "exact": exact,
        "moved": moved,
    }
    if result is None:
        best = _best_alone(Path(source), index, spread)
        return {"fidelity": None} | _write(best, best, poster, compare)
    seen = _compared(Path(source), index, Path(result), spread)
    # Where no picture of the source was found again, a poster can still be had.
    alone = seen.best or _best_alone(Path(result), None, spread)
    return {"fidelity": seen.fidelity()} | _write(alone, seen.best, poster, compare)


@dataclass(frozen=True, slots=True)
class _Best:
    """The most telling pair so far, and how its pictures are to be read."""

    pair: Pair
    looks: tuple[Look, Look]
    interest: float


@dataclass
class _Seen:
    """What the pairs come to."""

    looks: tuple[Look, Look]
    errors: list[float] = field(default_factory=list)
    likeness: list[float] = field(default_factory=list)
    best: _Best | None = None

    def compare(self, pair: Pair) -> None:
        """Measure a pair."""
        before = stills.luma(pair.before, self.looks[0])
        after = stills.luma(pair.after, self.looks[1])
        comparable = _at_size(after, before.shape)
        if comparable is not None:
            self.errors.append(similarity.mean_squared_error(before, comparable))
            alike = similarity.ssim(before, comparable)
            self.likeness += [alike] if alike is not None else []
        self.consider(pair, after)

    def consider(self, pair: Pair, luma: Luma) -> None:
        """Keep it where it is the most telling one."""
        interest = stills.interest(luma) * (1 if pair.place < 0.5 else _SECOND_HALF)
        if self.best is None or interest > self.best.interest:
            self.best = _Best(pair, self.looks, interest)

    def fidelity(self) -> dict[str, Any] | None:
        """Over all pairs; None where there was none to compare."""
        if not self.errors:
            return None
        ratio = similarity.psnr(sum(self.errors) / len(self.errors))
        alike = sum(self.likeness) / len(self.likeness) if self.likeness else None
        return {
            "identical": ratio is None,
            "psnr_y": round(ratio, 2) if ratio is not None else None,
            "ssim_y": round(alike, 4) if alike is not None else None,
            "frames": len(self.errors),
        }


def _compared(source: Path, index: int, result: Path, spread: dict[str, Any]) -> _Seen:
    with open_video(source) as container, open_video(result) as other:
        before, after = _film(container, index), _film(other, None)
        look = _look(before, None)
        seen = _Seen((look, _look(after, look)))
        with ahead(pairs(before, after, **spread)) as coming:
            for pair in coming:
                # Damaged pictures are put right in ways that differ from one decoding to the next.
                if not pair.before.is_corrupt and not pair.after.is_corrupt:
                    seen.compare(pair)
    return seen


def _best_alone(path: Path, index: int | None, spread: dict[str, Any]) -> _Best:
    with open_video(path) as container:
        film = _film(container, index)
        look = _look(film, None)
        seen = _Seen((look, look))
        for pair in pairs(film, None, **spread):
            seen.consider(pair, stills.luma(pair.after, look))
    if seen.best is None:
        raise ChildFailed("Not one picture could be decoded for a preview.")
    return seen.best


def _film(container: InputContainer, index: int | None) -> Film:
    """The stream of an index, or else the main one."""
    stream = main_video(container) if index is None else container.streams[index]
    film = Film(container, cast("VideoStream", stream))
    if film.opening is None:
        raise ChildFailed("Not one picture could be decoded for a preview.")
    return film


def _look(film: Film, fallback: Look | None) -> Look:
    """How a film's pictures are to be read; what it does not say is as in another one."""
    picture = picture_of(film.stream, film.opening, film.told)
    said = picture.matrix or (fallback.matrix if fallback else None)
    return Look(
        matrix=stills.matrix_to_read(said, picture.height),
        range=picture.range or (fallback.range if fallback else "tv"),
        transfer=picture.transfer or (fallback.transfer if fallback else None),
        sample_aspect=picture.stored_aspect,
    )


def _at_size(after: Luma, size: tuple[int, ...]) -> Luma | None:
    """A result's luma at its source's size, or None where it does not come to that.

    A line or column that was added is cut off; of an enlarged picture, the mean is taken over what
    one pixel became.
    """
    height, width = size
    times = max(1, after.shape[1] // width)
    cut = after[: height * times, : width * times]
    added = max(after.shape[0] - height * times, after.shape[1] - width * times)
    if cut.shape != (height * times, width * times) or added > _ADDED:
        return None  # its source's pictures change their size
    if times == 1:
        return cut
    means: Luma = cut.reshape(height, times, width, times).mean(axis=(1, 3))
    return means


# --- Stills ---------------------------------------------------------------------------------------


def _write(
    alone: _Best, both: _Best | None, poster: str | None, compare: str | None
) -> dict[str, bool]:
    if poster:
        frame, look = alone.pair.after, alone.looks[1]
        size = stills.displayed_size(frame, look, POSTER_LONGEST)
        brightest = stills.peak(frame, look)
        stills.write(stills.displayed(frame, look, size, brightest), Path(poster))
    if compare and both:
        stills.write(_side_by_side(both), Path(compare))
    return {"poster": bool(poster), "compare": bool(compare and both)}


def _side_by_side(best: _Best) -> stills.Rgb:
    """Both as large as the result is shown, and brought to the screen in the same way."""
    (before, after), pair = best.looks, best.pair
    size = stills.displayed_size(pair.after, after, COMPARE_LONGEST)
    brightest = stills.peak(pair.before, before)
    left = stills.displayed(pair.before, before, size, brightest)
    if pair.after is pair.before:
        return stills.side_by_side(left, left)
    return stills.side_by_side(left, stills.displayed(pair.after, after, size, brightest))
