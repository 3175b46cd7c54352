"""Reelworks: upload a video, watch it being enhanced and measured live, fetch the results."""

from importlib.metadata import version

__version__ = version("reelworks")
