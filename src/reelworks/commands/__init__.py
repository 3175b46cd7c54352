"""What commands have in common, and those that use a running service: flags, words, screens."""
