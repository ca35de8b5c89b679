"""Bukhindor Backend: accounts, sign-in and user management over HTTP."""

from pathlib import Path

__all__ = ["BUILD", "__version__"]

__version__ = "0.1.0"
"""The latest release."""

# The build writes this file; a checkout that was never built has the number of the latest release.
_BUILT = Path(__file__).with_name("_version.txt")
BUILD = _BUILT.read_text("utf-8").strip() if _BUILT.exists() else __version__
