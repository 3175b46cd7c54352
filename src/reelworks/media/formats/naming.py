"""Short names of containers, where libav's demuxer reads several."""

from __future__ import annotations

EBML_MAGIC = b"\x1a\x45\xdf\xa3"
_DOC_TYPE = b"\x42\x82"
_ONE_BYTE_LENGTH = 0x80
HEAD_BYTES = 4096
"""How much of a file's beginning tells its container."""


def container_name(demuxer: str, major_brand: str | None, head: bytes) -> str:
    """The container's short name: "mp4", "mov", "3gp", "webm", "matroska", "avi" …

    Args:
        demuxer: libav's name, or names with commas between them.
        major_brand: of an ISO file's ``ftyp`` box, where there is one.
        head: the file's first ``HEAD_BYTES`` bytes.
    """
    names = demuxer.split(",")
    if "mov" in names:
        return _iso_name(major_brand)
    if "matroska" in names:
        return "webm" if ebml_doc_type(head) == "webm" else "matroska"
    return names[0]


def _iso_name(major_brand: str | None) -> str:
    # QuickTime files from before 2001 have no brand at all.
    if major_brand is None or major_brand.startswith("qt"):
        return "mov"
    brand = major_brand.lower()
    for start in ("3gp", "3g2", "mj2"):
        if brand.startswith(start):
            return start
    return "mp4"


def ebml_doc_type(head: bytes) -> str | None:
    """The document type that an EBML file declares ("matroska", "webm"), or None."""
    if not head.startswith(EBML_MAGIC):
        return None
    at = head.find(_DOC_TYPE)
    if at < 0 or at + 2 >= len(head) or not head[at + 2] & _ONE_BYTE_LENGTH:
        return None
    length = head[at + 2] & ~_ONE_BYTE_LENGTH
    return head[at + 3 : at + 3 + length].rstrip(b"\0").decode("ascii", "replace")
