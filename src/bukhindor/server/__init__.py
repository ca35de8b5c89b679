"""The HTTP server: uvicorn, with limits for clients and an orderly stop; in one process or in several.

This file imports nothing: the parent of several workers must not load the server.
"""
