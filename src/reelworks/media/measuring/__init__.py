"""What is said of a video: the colours of all of its pictures, and the metadata document."""
