"""The passwords that attackers try first, from the frequency list inside the package zxcvbn."""

import re
from collections.abc import Iterator, Set
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

_FEWEST = 3000
_LINE = re.compile(rb'^\s*"passwords": "([^"]*)"', re.MULTILINE)
# No policy allows passwords of less than 8 characters anyway.
_TOO_SHORT = re.compile(rb"(?<=,)(?:[^,]{0,7},)+")


class CommonPasswords(Set[str]):
    """Words in one text, which takes a tenth of the memory of a set; a comma stands before and after each word."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __contains__(self, password: object) -> bool:
        return isinstance(password, str) and "," not in password and f",{password}," in self._text

    def __iter__(self) -> Iterator[str]:
        return iter(self._text[1:-1].split(","))

    def __len__(self) -> int:
        return self._text.count(",") - 1


@cache
def load_common_passwords() -> CommonPasswords:
    """More than 11,000 lower-case passwords of at least 8 characters; no policy allows shorter ones.

    Raises PackageNotFoundError, OSError or RuntimeError when the list is missing: no server runs without it.
    """
    # Importing zxcvbn would keep 14 MB of names, films and keyboard graphs in the process for good; the list
    # itself is one line of one of its files.
    return read_common_passwords(Path(str(distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py"))))


def read_common_passwords(source: Path) -> CommonPasswords:
    """The words of the line `"passwords": "first,second,…"` of a file.

    Raises RuntimeError for fewer than 3,000: such a list would protect no one.
    """
    line = _LINE.search(source.read_bytes())
    text = _TOO_SHORT.sub(b"", b",%b," % line[1]) if line else b","
    passwords = CommonPasswords(text.decode().lower())
    if len(passwords) < _FEWEST:
        raise RuntimeError(f"{source.name} does not contain the list of common passwords.")
    return passwords
