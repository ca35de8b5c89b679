"""The use cases: one file for each, with one class of two to six verbs.

`assembly.py` builds all of them. What several do alike lies in `steps/`.
"""
