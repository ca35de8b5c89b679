"""Everything that the core needs from outside; each method states what absence means."""
