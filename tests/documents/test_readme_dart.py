"""The README's example in Dart is Dart, as far as a grammar can tell."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_dart
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "README.ru.md")


def example_in(document: str) -> str:
    (example,) = re.findall(r"^```dart\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(example)


def faults_in(source: str) -> list[str]:
    """The lines that the grammar can't read."""
    tree = Parser(Language(tree_sitter_dart.language())).parse(source.encode())
    lines = source.splitlines()
    return [lines[node.start_point.row] for node in nodes_below(tree.root_node) if node.is_error or node.is_missing]


def nodes_below(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes_below(child)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_example_is_dart(document: str) -> None:
    assert faults_in(example_in(document)) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("handler.next(options);", "handler.next(options;"), ("Future<void> onError(", "Future<void onError(")],
)
def test_an_example_with_a_slip_is_noticed(right: str, wrong: str) -> None:
    example = example_in("README.md")
    assert right in example
    assert faults_in(example.replace(right, wrong))


def test_both_languages_show_the_same_example() -> None:
    english, russian = (re.sub(r"//.*", "", example_in(document)) for document in DOCUMENTS)
    assert english == russian
