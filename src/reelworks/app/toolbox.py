"""The programs that media functions work with."""

from __future__ import annotations

from reelworks.media.children.process import Children
from reelworks.media.children.tools import Toolbox, find_tools
from reelworks.settings import Settings


def create_toolbox(settings: Settings) -> Toolbox:
    """The programs that media functions work with."""
    return find_tools(settings.ffmpeg, Children())
