"""Functions on paths and plain values: what is in a video, and how to make it better."""
