"""The store: repositories, one file for each aggregate, and their transactions.

Any method may raise StoreUnavailable, and any method of a writing transaction WriteConflict: then nothing was changed.
"""
