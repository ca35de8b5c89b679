"""The use cases: one file for each, with one class of two to six verbs.

`assembly.py` builds all of them. What several of them share is in `steps/`.
"""
