"""Metrics of the running service for Prometheus."""
