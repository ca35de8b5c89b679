"""One file per group of figures; each has `measure(stage) -> list[Figure]`."""
