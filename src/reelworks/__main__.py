"""``python -m reelworks`` is the command line."""

from reelworks.cli import main

main()
