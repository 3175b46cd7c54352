"""Reelworks: upload a video, watch it being enhanced and measured live, fetch the results."""

# Written here, not asked of the installation: that takes longer than many a child's whole work.
__version__ = "0.1.0"
