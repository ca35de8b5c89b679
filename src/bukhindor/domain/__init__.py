"""The rules and terms of the business: pure, standard library only, no I/O and no clock."""
