"""The version of a build: the released number at the commit of its tag, else the next number and the commit.

Hatchling runs this when it builds the package; a source distribution keeps the version in its own metadata.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parent
_RELEASED = re.compile(r'^__version__ = "(\d+)\.(\d+)\.(\d+)"$', re.MULTILINE)
_NUMBER = re.compile(r"\d+\.\d+\.\d+")
_DESCRIBED = re.compile(r"(?:v[^-]+-)?(?P<distance>\d+)-g(?P<commit>[0-9a-f]{7,})")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_SHORT = 7


def version() -> str:
    """The version of what stands in this folder."""
    released = _RELEASED.search((_ROOT / "src/bukhindor/__init__.py").read_text("utf-8"))
    if released is None:
        raise ValueError("src/bukhindor/__init__.py names no version")
    number = ".".join(released.groups())
    return version_of(number, _described(number), os.environ)


def version_of(released: str, described: str, given: Mapping[str, str]) -> str:
    """The version after `released`; `described` is what git says: commits since then, and the present one.

    Without git, as in the build of an image, BUKHINDOR_VERSION and BUKHINDOR_REVISION are `given`.
    """
    if _NUMBER.fullmatch(given.get("BUKHINDOR_VERSION", "")):
        return given["BUKHINDOR_VERSION"]
    major, minor, _ = released.split(".")
    coming = f"{major}.{int(minor) + 1}.0"
    found = _DESCRIBED.fullmatch(described)
    if found is None:
        revision = given.get("BUKHINDOR_REVISION", "")
        return f"{coming}.dev0+g{revision[:_SHORT]}" if _COMMIT.fullmatch(revision) else f"{coming}.dev0"
    if found["distance"] == "0":
        return released
    return f"{coming}.dev{found['distance']}+g{found['commit']}"


def _described(released: str) -> str:
    """`v0.1.0-12-g43a1993`; without the tag all commits count. Nothing without git or a checkout of its own."""
    if not (_ROOT / ".git").exists():
        return ""
    described = _git("describe", "--tags", "--long", f"--abbrev={_SHORT}", "--match", f"v{released}")
    if described:
        return described
    count, commit = _git("rev-list", "--count", "HEAD"), _git("rev-parse", f"--short={_SHORT}", "HEAD")
    return f"{count}-g{commit}"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True)  # noqa: S603, S607
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()
