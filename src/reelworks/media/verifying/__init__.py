"""A result held against its source and its plan, before anybody gets to see it."""
