"""Which bytes a Range header asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelworks.api.ranges import OutsideError, Range, read_ranges
from reelworks.errors import BadRequest


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("bytes=0-0", [Range(0, 1)]),
        ("bytes=10-", [Range(10, 100)]),
        ("bytes=-5", [Range(95, 100)]),
        ("bytes=-500", [Range(0, 100)]),
        ("bytes=90-500", [Range(90, 100)]),
        ("Bytes = 1-2 , 5-6", [Range(1, 3), Range(5, 7)]),
        ("bytes=5-6,1-2", [Range(5, 7), Range(1, 3)]),
        ("bytes=1-2,500-", [Range(1, 3)]),
        ("bytes=0-50,50-60", []),
        ("bytes=,0-1, ,", [Range(0, 2)]),
        ("bytes=0-" + 30 * "9", [Range(0, 100)]),
        ("items=0-1", []),
        ("", []),
        (f"bytes={','.join(['1-2'] * 101)}", []),
    ],
)
def test_what_is_inside_is_found(header: str, found: list[Range]) -> None:
    assert read_ranges(header, 100) == found


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=-0", "bytes=100-200,300-"])
def test_what_is_outside_is_refused(header: str) -> None:
    with pytest.raises(OutsideError):
        read_ranges(header, 100)


@pytest.mark.parametrize(
    "header", ["bytes", "bytes=", "bytes=,", "bytes=-", "bytes=x", "bytes=5-4"]
)
def test_what_is_no_range_is_a_bad_request(header: str) -> None:
    with pytest.raises(BadRequest):
        read_ranges(header, 100)


@given(st.text("bytes=-, 0123456789", max_size=40), st.integers(0, 200))
def test_whatever_is_found_is_inside_and_apart(listed: str, size: int) -> None:
    try:
        found = read_ranges(f"bytes={listed}", size)
    except (BadRequest, OutsideError):
        return
    taken = [place for each in found for place in range(each.start, each.stop)]
    assert len(taken) == len(set(taken))
    assert all(0 <= place < size for place in taken)
