"""Where the bytes of videos and results are kept."""
