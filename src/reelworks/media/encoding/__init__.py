"""A plan carried out by FFmpeg, in one piece or in parts that are joined."""
