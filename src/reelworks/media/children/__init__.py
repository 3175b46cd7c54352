"""Child processes: every look at a stranger's file is one's work, confined to that file."""
