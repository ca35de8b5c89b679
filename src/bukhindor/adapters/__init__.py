"""The driven side: each folder is one technology, and implements ports with it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def leaving_out(*modules: str) -> Iterator[None]:
    """Import a library as if these modules, which it loads where they are installed, were not.

    Each saves memory of a service that never calls what they are for; imported later, they are there.
    """
    absent = [name for name in modules if name not in sys.modules]
    for name in absent:
        # Python takes None for a module that is not installed.
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
