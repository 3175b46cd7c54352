"""What libav's scaler calls the matrices that it knows. Only for use in the Python child."""

from __future__ import annotations

from av.video.reformatter import Colorspace

COLOURSPACES = {
    "bt709": Colorspace.ITU709,
    "fcc": Colorspace.FCC,
    "bt470bg": Colorspace.ITU601,
    "smpte170m": Colorspace.ITU601,
    "smpte240m": Colorspace.SMPTE240M,
    "bt2020nc": Colorspace.BT2020,
    "bt2020c": Colorspace.BT2020,
}
"""By libav's name of the matrix."""
