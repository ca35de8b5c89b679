"""The HTTP server: uvicorn, with limits on what a client may take and an orderly end; in one process or in several.

This file imports nothing: the parent of several workers must not load the server.
"""
