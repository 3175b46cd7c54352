"""The composition root: puts the rooms together for each of the programs."""
