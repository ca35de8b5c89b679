"""Find words and turns of phrase that make a reader read a sentence twice.

`make check` runs this module over all prose: documents, comments, docstrings, texts in the code and names of tests.
It prints `file:line: what was found → what to write instead` and exits with 1 when it found something.
"""

import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What is refused (a regular expression), and the remedy.
REMEDIES = {
    r"whom": 'name the person: "the account that the event is about"',
    r"who(?:so)?ever": '"a client that", "a person who", "anyone who"',
    r"lest": '"so that … not"',
    r"anew": '"again"',
    r"in the midst": '"during", "in the middle of"',
    r"nor": '"or", after "no" or "not"',
    r"(?:is|are|was|were|be|been|being) told(?! apart)": "name who says it: the server reports, a mail notifies",
    r"for ?ever": '"permanently", "without end"',
    r"there is no one": "name who is missing: no user, no client",
    r"nobody": '"no one", or the actor: no user, no client, no process',
    r"somebody": '"someone", or the actor: a person, another user, a client',
    r"anybody": '"anyone", or the actor: any user, any client',
    r"st(?:and|ands|ood) in (?:the|its|their|his|each other's) way": '"blocks", "conflicts with"',
    r"(?:is|are|was|were|be|been) tried again": '"is retried"',
    r"oneself|one's own": '"yourself", or name the actor',
    r"(?:for|in|for the) want of": '"without", "for lack of"',
    r"what (?:became|has become|came|comes) of": '"the result of", "what happened to"',
    r"an answer|(?:no|every|lost) answers?": '"response"',
    r"e-mails?": '"email" before "address", "mail" for a message',
    r"(?:hence|thence|whence|thus|thereof|whereof|hitherto|hereby)": '"so", "from there", or a sentence of its own',
}
REFUSED = {
    re.compile(rf"\b(?:{words})\b".replace(" ", r"\s+"), re.IGNORECASE): remedy for words, remedy in REMEDIES.items()
}

# This check and its tests name what they refuse.
OWN_FILES = ("plain_english.py", "test_plain_english.py")

DOCUMENTS = (
    "*.md",
    "docs/**/*.md",
    "memory-bank/*.md",
    "src/**/*.html",
    "src/**/*.jinja",
    ".env.example",
    "Makefile",
    "compose.yaml",
    "deploy/**/*.json",
    "deploy/**/*.y*ml",
    "deploy/**/*.conf",
    "deploy/**/*.example",
    "deploy/**/*.cfg",
    "deploy/**/Caddyfile",
)
CODE = ("src/**/*.py", "tests/**/*.py", "bench/**/*.py", "chaos/**/*.py", "deploy/**/*.py")

# Code is not prose: a block that names its language, a word between backticks, the target of a link, an address.
CODE_IN_TEXT = re.compile(r"^```\w.*?^```|`[^`\n]+`|\]\([^)\s]+\)|\S+@\S+|\w*[/_]\w[\w/.-]*", re.DOTALL | re.MULTILINE)
FIELD = re.compile(r"\{[^{}]*\}")
WORD = re.compile(r"\S")


def blank(text: str) -> str:
    """Spaces in place of everything that can be seen, so that lines keep their numbers."""
    return WORD.sub(" ", text)


def prose_of_document(text: str) -> str:
    return CODE_IN_TEXT.sub(lambda found: blank(found[0]), text)


def text_of_string(literal: str) -> str:
    """The text alone: quotes and prefix become spaces, and so do the fields of an f-string before Python 3.12."""
    start = re.match(r"\w*(?:\"{3}|'{3}|.)", literal)
    assert start is not None
    quote = start[0].lstrip("bBfFrRuU")
    text = literal[start.end() : -len(quote)]
    if "f" in start[0].lower():
        text = FIELD.sub(lambda found: "_" * len(found[0]), text)
    return blank(start[0]) + text + blank(quote)


def prose_of_code(text: str) -> str:
    """Comments, strings and names of tests at their places, spaces everywhere else."""
    lines = [list(blank(line)) for line in text.splitlines()]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, column), seen = token.start, token.string
        match tokenize.tok_name[token.type]:
            case "COMMENT":
                seen = seen.replace("#", " ", 1)
            case "STRING" if " " in (sentence := text_of_string(seen)).strip():
                seen = sentence
            case "FSTRING_MIDDLE" if " " in seen:
                pass
            case "NAME" if seen.startswith("test_"):
                seen = seen.replace("_", " ")
            case _:
                continue
        for number, part in enumerate(seen.splitlines()):
            start = column if number == 0 else 0
            lines[row - 1 + number][start : start + len(part)] = part
    return prose_of_document("\n".join("".join(line) for line in lines))


def findings(prose: str) -> Iterator[tuple[int, str, str]]:
    """Each refused word or turn: its line, itself, and what to write instead."""
    for refused, remedy in REFUSED.items():
        for found in refused.finditer(prose):
            yield prose.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), remedy


def check() -> Iterator[str]:
    for patterns, prose_of in ((DOCUMENTS, prose_of_document), (CODE, prose_of_code)):
        for file in sorted({file for pattern in patterns for file in ROOT.glob(pattern)}):
            if file.name in OWN_FILES:
                continue
            for line, found, remedy in sorted(findings(prose_of(file.read_text("utf-8")))):
                yield f"{file.relative_to(ROOT)}:{line}: {found} → {remedy}"


if __name__ == "__main__":
    reports = list(check())
    sys.stderr.writelines(f"{report}\n" for report in reports)
    sys.exit(1 if reports else 0)
