"""What a file is: it is checked when it arrives, opened by libav, and timed by its packets."""
