"""Whether transparency comes beside the pictures: as a second one within their packets, in WebM.

Only for use in the Python child. Nothing is decoded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reelworks.media.children.child import Moved
from reelworks.media.probing.reading import open_video
from reelworks.media.probing.timing import shown_packets

_ADDITION: Final = "matroska_block_additional"
_ALPHA = 1
"""BlockAddID of transparency; libav puts it in front of what it names, in eight bytes."""


def has_layer(path: Path, index: int, moved: Moved) -> bool:
    """Whether any packet brings a second picture along. What browsers record says that it is
    transparent, whatever it is.

    Args:
        index: of the main video stream.
        moved: told the number of packets read so far.
    """
    with open_video(path) as container:
        packets = shown_packets(container, [container.streams[index]])
        for count, packet in enumerate(packets, start=1):
            moved(count)
            if packet.has_sidedata(_ADDITION):
                said = bytes(packet.get_sidedata(_ADDITION))
                if int.from_bytes(said[:8], "big") == _ALPHA:
                    return True
    return False
