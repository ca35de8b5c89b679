"""Bukhindor Backend: accounts, sign-in and user management over HTTP."""

__version__ = "0.1.0"
