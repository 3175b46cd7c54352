"""Measures whether enhanced videos are better: damage clean clips, enhance, score against them."""
