"""Files stay small enough to read in one go and are named for what they hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 400
EMPTY_NAMES = {"util", "utils", "helper", "helpers", "common", "core", "base", "manager", "managers", "misc"}
SOURCES = sorted(file for folder in ("src", "tests", "bench", "chaos") for file in (ROOT / folder).rglob("*.py"))


def empty_words(file: Path) -> set[str]:
    """The parts of a path that are, or end in, a word that says nothing about what is inside."""
    return {re.split(r"[_.-]", part)[-1] for part in file.with_suffix("").parts} & EMPTY_NAMES


def test_there_is_something_to_look_at() -> None:
    assert ROOT / "src" / "bukhindor" / "__init__.py" in SOURCES


def test_no_file_is_longer_than_the_ceiling() -> None:
    lengths = {file.relative_to(ROOT): len(file.read_text("utf-8").splitlines()) for file in SOURCES}
    assert {file: length for file, length in lengths.items() if length > LONGEST} == {}


def test_no_file_or_folder_has_an_empty_name() -> None:
    assert [file for file in SOURCES if empty_words(file.relative_to(ROOT))] == []


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("src/bukhindor/web/utils.py", {"utils"}),
        ("src/bukhindor/core/user.py", {"core"}),
        ("src/bukhindor/services/session_manager.py", {"manager"}),
        ("src/bukhindor/domain/user.py", set()),
        ("src/bukhindor/adapters/crypto/common_passwords.py", set()),
    ],
)
def test_empty_names_are_recognised(path: str, words: set[str]) -> None:
    assert empty_words(Path(path)) == words
