"""The page of checks explains the ids that tests name, all of them and no others."""

import re
from itertools import groupby
from pathlib import Path

from tests.adapters.oidc.test_forged_tokens import FORGED

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "checks.md"
LIST_ITEM = re.compile(r"^- (.+)$", re.MULTILINE)

# An area in capitals and a number; names of encodings look the same.
ID = re.compile(r"\b(?!UTF-)[A-Z]{2,3}-[0-9]{2}\b")
TABLE_ROW = re.compile(r"^\| ([A-Z]+-[0-9]+) \| \S.*\. \|$", re.MULTILINE)


def explained() -> list[str]:
    return TABLE_ROW.findall(PAGE.read_text("utf-8"))


def named() -> set[str]:
    """In tests, and in what `make chaos` prints."""
    sources = [file for folder in ("tests", "chaos") for file in (ROOT / folder).rglob("*.py")]
    return {found for file in sources for found in ID.findall(file.read_text("utf-8"))}


def test_every_check_that_tests_name_is_explained_once_and_no_other() -> None:
    assert sorted(explained()) == sorted(named())


def test_each_area_has_one_table_in_the_order_of_its_numbers() -> None:
    areas = [(area, list(checks)) for area, checks in groupby(explained(), lambda check: check.partition("-")[0])]
    assert len({area for area, _ in areas}) == len(areas)
    assert [checks for _, checks in areas] == [sorted(checks) for _, checks in areas]
    titles = re.findall(r"^## ", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(titles) == len(areas)


def test_every_forged_token_that_is_tried_is_listed_and_no_other() -> None:
    assert LIST_ITEM.findall(PAGE.read_text("utf-8")) == list(FORGED)
