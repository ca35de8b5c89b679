"""The rules and words of the business: pure, standard library only, no I/O and no clock."""
