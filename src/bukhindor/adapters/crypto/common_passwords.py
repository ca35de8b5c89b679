"""The passwords that attackers try first, from the frequency list inside the package zxcvbn."""

import re
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

_SHORTEST = 8
_FEWEST = 3000


@cache
def load_common_passwords() -> frozenset[str]:
    """More than 11,000 lower-case passwords of at least 8 characters; no policy allows shorter ones.

    Raises PackageNotFoundError, OSError or RuntimeError when the list is missing: no server runs without it.
    """
    # Importing zxcvbn would keep 14 MB of names, films and keyboard graphs in the process; the list itself is one line
    # of one of its files and takes 1.2 MB.
    return read_common_passwords(Path(str(distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py"))))


def read_common_passwords(source: Path) -> frozenset[str]:
    """The words of the line `"passwords": "first,second,…"` of a file.

    Raises RuntimeError for fewer than 3,000: such a list would protect no one.
    """
    with source.open(encoding="utf-8") as lines:
        named = (line.partition(":") for line in lines)
        texts = [value.split('"', 2)[1] for name, _, value in named if name.strip() == '"passwords"']
    words = re.finditer(rf"[^,]{{{_SHORTEST},}}", ",".join(texts).lower())
    passwords = frozenset(word[0] for word in words)
    if len(passwords) < _FEWEST:
        raise RuntimeError(f"{source.name} does not contain the list of common passwords.")
    return passwords
