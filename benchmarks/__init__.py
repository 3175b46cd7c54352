"""Ratios against references that run side by side with what they are compared to."""
