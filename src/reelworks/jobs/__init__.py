"""What is done to a video: accepting it, and its two processes."""
