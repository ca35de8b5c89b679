"""State of one process, lost when it ends."""
