"""The store: repositories, one file for each aggregate, and the transactions they live in.

Any method may raise StoreUnavailable, and any of a writing transaction WriteConflict: then nothing of it happened.
"""
