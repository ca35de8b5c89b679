"""All SQL of one aggregate in one file, written once for every database."""
