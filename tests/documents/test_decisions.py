"""Every decision record states a sentence to quote, its date and its status, and stands in the list."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))

HEAD = re.compile(
    r"# (?P<number>\d{4}) (?P<title>\S.*)\n\n"
    r"(?P<quotable>\S.*[.!])\n\n"
    r"Date: \d{4}-\d{2}-\d{2}\. Status: (?:accepted\b|superseded by \[\d{4}\]\([\w-]+\.md\))"
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_begins_with_a_quotable_sentence_its_date_and_its_status(record: Path) -> None:
    head = HEAD.match(record.read_text("utf-8"))
    assert head is not None, "title, one sentence in one line, `Date: … Status: …`, with empty lines between them"
    assert head["number"] == record.name[:4]
    assert len(head["quotable"]) <= 120


def test_the_list_names_every_record_with_its_title() -> None:
    rows = re.findall(
        r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| (.*) \|$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert [name for _, name, _ in rows] == [record.name for record in RECORDS]
    titles = [head["title"] for record in RECORDS if (head := HEAD.match(record.read_text("utf-8")))]
    assert [title for _, _, title in rows] == titles
