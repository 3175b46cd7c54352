"""libav's names of its colour codes (ISO/IEC 23091-2), which PyAV hands out as numbers."""

from __future__ import annotations

_RANGES = {1: "tv", 2: "pc"}

_MATRICES = {
    0: "gbr",
    1: "bt709",
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
    15: "ipt-c2",
    16: "ycgco-re",
    17: "ycgco-ro",
}

_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}

_TRANSFERS = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}


def range_name(code: int | None) -> str | None:
    """ "tv" or "pc"; None where the stream does not say."""
    return None if code is None else _RANGES.get(code)


def matrix_name(code: int | None) -> str | None:
    """For example "bt709"; None where the stream does not say."""
    return None if code is None else _MATRICES.get(code)


def primaries_name(code: int | None) -> str | None:
    """For example "bt2020"; None where the stream does not say."""
    return None if code is None else _PRIMARIES.get(code)


def transfer_name(code: int | None) -> str | None:
    """For example "smpte2084"; None where the stream does not say."""
    return None if code is None else _TRANSFERS.get(code)
