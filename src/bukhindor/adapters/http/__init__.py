"""Requests to web servers, for what the operator wants checked."""
