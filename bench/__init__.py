"""Measurements of the running service beside a peer; start with `python -m bench --help`."""
