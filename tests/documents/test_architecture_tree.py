"""The tree in ARCHITECTURE.md names the folders that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bukhindor"
# A folder at the beginning of a line, or among the files of its parent: `openapi.py docs.py assets/`.
LINE = re.compile(r"^( *)((?:[\w.*-]+/? )*[\w.*-]+/?)(?:  |$)")


def tree(document: str) -> str:
    block = re.search(r"^## The tree\n\n```\nsrc/bukhindor/\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1]


def named_folders(lines: str) -> set[str]:
    """Every folder that the lines name, as a path below the first one; indentation shows what is inside what."""
    folders: set[str] = set()
    open_folders: list[tuple[int, str]] = []
    for line in lines.splitlines():
        if (entry := LINE.match(line)) is None:
            continue
        indentation, names = len(entry[1]), entry[2].split()
        while open_folders and open_folders[-1][0] >= indentation:
            open_folders.pop()
        parent = open_folders[-1][1] if open_folders else ""
        for name in names:
            if name.endswith("/"):
                folders.add(parent + name)
        if names[0].endswith("/"):
            open_folders.append((indentation, parent + names[0]))
    return folders


def existing_folders() -> set[str]:
    """Folders with a file in them, at any depth."""
    return {
        f"{folder.relative_to(SOURCE)}/"
        for folder in SOURCE.rglob("*")
        if folder.is_dir() and folder.name != "__pycache__"
        if any(file.is_file() and "__pycache__" not in file.parts for file in folder.rglob("*"))
    }


def test_the_tree_names_every_folder_and_no_other() -> None:
    # Folders without modules (Swagger UI, templates) and the revisions of the schema may stay unnamed.
    document = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named, existing = named_folders(tree(document)), existing_folders()
    assert named - existing == set()
    modules = {folder for folder in existing if any((SOURCE / folder).glob("*.py"))}
    assert {folder for folder in modules - named if "migrations/" not in folder} == set()


@pytest.mark.parametrize(
    ("lines", "folders"),
    [
        ("  cli/   the commands\n    checks/ findings.py   for doctor\n", {"cli/", "cli/checks/"}),
        (
            "  web/\n    app.py   all rows\n    docs.py assets/   Swagger UI\n  server/   uvicorn\n",
            {"web/", "web/assets/", "server/"},
        ),
        ("  web/   HTTP\n                     the pages; app.py comes last\n", {"web/"}),
    ],
)
def test_indentation_and_names_make_paths(lines: str, folders: set[str]) -> None:
    assert named_folders(lines) == folders
