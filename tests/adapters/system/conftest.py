"""Fixtures of this folder."""

from tests.process_logging import restored_logging

__all__ = ["restored_logging"]
