"""State changes on their way to the sockets."""
