"""Bukhindor Backend: accounts, sign-in and user management over HTTP."""

__all__ = ["BUILD", "__version__"]

__version__ = "0.1.0"
"""The latest release."""

try:
    from bukhindor._version import BUILD
except ModuleNotFoundError:  # pragma: no cover - Every installation is built.
    BUILD = __version__
