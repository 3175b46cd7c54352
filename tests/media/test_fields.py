"""Fields are told from whole pictures, and the first from the second."""

from __future__ import annotations

import numpy as np
import pytest
from tests.media.scenes import Array, noisy, stored, texture

from reelworks.media.analysis import fields

BROAD = texture(240, 480)


def view(field: int, *, sigma: float = 0.0) -> Array:
    """What a camera that pans three pixels a field sees, with noise."""
    seen = BROAD[:, 3 * field : 3 * field + 320]
    return noisy(seen, sigma, field)


def woven(*, top_first: bool, sigma: float = 0.0) -> tuple[Array, Array, Array]:
    """Three pictures whose fields are half a picture apart."""
    pictures = []
    for number in range(3):
        picture = view(2 * number, sigma=sigma)
        late = 1 if top_first else 0
        picture[late::2] = view(2 * number + 1, sigma=sigma)[late::2]
        pictures.append(stored(picture))
    first, second, third = pictures
    return first, second, third


def whole(*, sigma: float = 0.0) -> tuple[Array, Array, Array]:
    first, second, third = (stored(view(2 * number, sigma=sigma)) for number in range(3))
    return first, second, third


@pytest.mark.parametrize("sigma", [0.0, 5.0, 12.0])
def test_field_order_is_told(sigma: float) -> None:
    assert fields.weave(*woven(top_first=True, sigma=sigma)).order() == "tff"
    assert fields.weave(*woven(top_first=False, sigma=sigma)).order() == "bff"


def test_moving_whole_pictures_are_progressive() -> None:
    assert fields.weave(*whole()).order() == "progressive"


@pytest.mark.parametrize("sigma", [5.0, 12.0, 25.0])
def test_noise_does_not_look_like_fields(sigma: float) -> None:
    assert fields.weave(*whole(sigma=sigma)).order() in (None, "progressive")


@pytest.mark.parametrize("start", [0, 1, 2, 3])
@pytest.mark.parametrize("lines", [-3, -2, -1, 1, 2, 3])
def test_a_tilting_camera_does_not_weave(lines: int, start: int) -> None:
    tall = texture(260, 320)
    tops = [10 + start + lines * n for n in range(3)]
    first, second, third = (stored(tall[top : top + 240]) for top in tops)
    assert fields.weave(first, second, third).order() in (None, "progressive")


@pytest.mark.parametrize(
    ("own", "top_first", "bottom_first", "order"),
    [
        (34.0, 43.0, 64.0, "tff"),  # it moves fast: one neighbour is near, the other one is not
        (34.0, 64.0, 43.0, "bff"),
        (34.0, 43.0, 45.0, None),
        (34.0, 52.0, 90.0, "progressive"),
        (18.0, 23.1, 23.2, None),
    ],
)
def test_neighbours_that_fit_unequally_tell_fields(
    own: float, top_first: float, bottom_first: float, order: str | None
) -> None:
    assert fields.Weave(own, top_first, bottom_first).order() == order


def test_still_pictures_tell_nothing() -> None:
    still = stored(view(0))
    assert fields.weave(still, still, still).order() is None


def test_a_small_thing_that_moves_is_enough() -> None:
    pictures = woven(top_first=True)
    still = stored(view(0))
    for number, picture in enumerate(pictures):
        window = picture[64:128, 64:160].copy()
        pictures[number][:] = still
        pictures[number][64:128, 64:160] = window
    assert fields.weave(*pictures).order() == "tff"


def test_ten_bits_read_like_eight() -> None:
    deep = [picture.astype(np.uint16) * 4 for picture in woven(top_first=False)]
    assert fields.weave(deep[0], deep[1], deep[2]).order() == "bff"
