"""How levels are stored when the filters see them."""

from __future__ import annotations

from dataclasses import dataclass

from reelworks.media.facts import Picture
from reelworks.media.formats import pixels


@dataclass(frozen=True, slots=True)
class Stored:
    """What stored values mean.

    Attributes:
        depth: bits of a sample.
        full: whether luma uses all values; else 16 to 235 of 255.
        chroma: "420", "422" or "444".
    """

    depth: int
    full: bool
    chroma: str

    @staticmethod
    def of(picture: Picture) -> Stored | None:
        """As the filters see a picture; None where its format is not known."""
        form = pixels.describe(picture.pixel_format)
        target = pixels.target(form) if form else None
        if form is None or target is None:
            return None
        # RGB is brought to limited range before.
        full = form.family != "rgb" and (picture.range == "pc" or form.full_range)
        return Stored(pixels.depth_of(target), full, form.chroma)

    @property
    def unit(self) -> int:
        """Stored steps to a step of 8 bits."""
        return 1 << (self.depth - 8)

    @property
    def black(self) -> int:
        """The stored value of black."""
        return 0 if self.full else 16 * self.unit

    @property
    def white(self) -> int:
        """The stored value of white."""
        return 256 * self.unit - 1 if self.full else 235 * self.unit

    @property
    def span(self) -> float:
        """8-bit steps from black to white."""
        return 255.0 if self.full else 219.0

    @property
    def grey(self) -> int:
        """The stored value of chroma that has no colour."""
        return 128 * self.unit
