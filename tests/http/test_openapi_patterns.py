"""The patterns of the API's description, as the languages of clients read them"""

import json
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
import re2

from bukhindor.domain.text import has_unsafe_characters
from bukhindor.web.api.openapi import openapi_json
from bukhindor.web.api.patterns import SAFE_TEXT, SAFE_TEXT_NOT_BLANK
from tests.http.service import PUBLIC_URL
from tests.servers.programs import NODE, environment, locate

# What JavaScript must say about texts, with the flag u and without: a list of patterns comes in, complaints go out.
JUDGE = """
const [patterns, samples] = JSON.parse(require("fs").readFileSync(0, "utf8"));
for (const pattern of patterns)
  for (const flags of ["u", ""])
    try { new RegExp(pattern, flags); } catch (error) { console.log(`${flags} ${error.message}`); }
for (const [pattern, text, matches] of samples)
  for (const flags of ["u", ""])
    if (new RegExp(pattern, flags).test(text) !== matches) console.log(flags, JSON.stringify(text), matches);
"""


def patterns_in(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from patterns_in(value)


PATTERNS = sorted(set(patterns_in(json.loads(openapi_json(PUBLIC_URL)))))
CHARACTERS = [chr(code) for code in range(0x11000) if unicodedata.category(chr(code)) != "Cs"]
SAMPLES = [(SAFE_TEXT, f"a{character}", not has_unsafe_characters(character)) for character in CHARACTERS]
BLANKS = [character for character in CHARACTERS if character.isspace() and not has_unsafe_characters(character)]
NAMES = [(SAFE_TEXT_NOT_BLANK, blank * 2, False) for blank in BLANKS]
NAMES += [(SAFE_TEXT_NOT_BLANK, f"{blank}a{blank}b{blank}", True) for blank in BLANKS]


def test_there_are_patterns() -> None:
    assert len(PATTERNS) >= 5


@pytest.mark.parametrize("library", [re, re2], ids=["python", "re2"])
def test_the_texts_that_they_allow_are_those_that_the_domain_allows(library: Any) -> None:
    """IN-04: Go, and every program with RE2, reads them as Python does."""
    compiled = {pattern: library.compile(pattern) for pattern in PATTERNS}
    for pattern, text, matches in [*SAMPLES, *NAMES]:
        assert (compiled[pattern].fullmatch(text) is not None) == matches, (pattern, text)


def test_javascript_reads_them_alike() -> None:
    node = locate(NODE)
    answer = subprocess.run(
        [node, "-e", JUDGE],
        env=environment(node),
        input=json.dumps([PATTERNS, [*SAMPLES, *NAMES]]),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout == ""


def test_they_can_stand_in_source_code() -> None:
    """No line separator, no byte order mark and nothing that reorders text, in any language's literal."""
    for pattern in PATTERNS:
        assert not has_unsafe_characters(pattern)
        assert "\\u" not in pattern
