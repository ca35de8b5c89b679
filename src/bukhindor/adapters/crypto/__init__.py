"""Passwords, tokens and keys: everything that needs a cipher, a signature or a slow hash."""
