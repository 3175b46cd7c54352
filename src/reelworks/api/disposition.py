"""What a client is to call a file that it fetches: ``Content-Disposition`` (RFC 6266, RFC 8187).

File names come from strangers. What could break out of the header, of a folder, or of the order in
which a name is read, does not get into it.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote

_MAX_BYTES = 200
_KEPT_IN_UTF8 = "!#$&+-.^_`|~"
# Path separators, what shells, Windows and header fields treat as special, and "%", which some
# browsers decode in the plain form too.
_SPECIAL = frozenset('/\\:*?"<>|%;')
# Hidden, and still part of how words are spelt (Persian, Hindi) and of what emoji show: they say
# whether the letters beside them join, and turn nothing.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


def content_disposition(name: str, *, download: bool) -> str:
    """The header's value.

    Args:
        name: as uploaded; anything.
        download: whether it is to be saved, not shown.
    """
    clean = clean_name(name)
    plain = "".join(c if " " <= c <= "~" else "_" for c in clean)
    header = f'{"attachment" if download else "inline"}; filename="{plain}"'
    if plain != clean:
        header += f"; filename*=UTF-8''{quote(clean, safe=_KEPT_IN_UTF8)}"
    return header


def clean_name(name: str) -> str:
    """A name of one file that is safe to save under; ``video`` where nothing is left of it."""
    name = name.replace("\\", "/").rpartition("/")[2]
    # Control characters, marks that turn the direction of writing, and halves of characters.
    visible = "".join(" " if c.isspace() else c for c in name if not _is_hidden(c) or c.isspace())
    safe = "".join("_" if c in _SPECIAL else c for c in visible).strip(". ")
    return _shortened(safe) or "video"


def enhanced_name(name: str, extension: str) -> str:
    """What the enhanced version of a file of this name is called."""
    return f"{PurePosixPath(clean_name(name)).stem}_enhanced.{extension}"


def _is_hidden(character: str) -> bool:
    if character in _JOINERS:
        return False
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def _shortened(name: str) -> str:
    """At most so many bytes, the extension kept."""
    path = PurePosixPath(name)
    suffix = path.suffix if len(path.suffix.encode()) < _MAX_BYTES // 2 else ""
    stem = name.removesuffix(suffix).encode()[: _MAX_BYTES - len(suffix.encode())]
    return stem.decode(errors="ignore") + suffix
