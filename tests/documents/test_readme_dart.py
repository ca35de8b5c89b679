"""The README's examples in Dart are Dart, as far as a grammar can tell."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_dart
from tree_sitter import Language, Node, Parser

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "README.ru.md")


def examples_in(document: str) -> list[str]:
    return re.findall(r"^```dart\n(.*?)^```$", (ROOT / document).read_text("utf-8"), re.MULTILINE | re.DOTALL)


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
def test_the_examples_are_dart(document: str) -> None:
    assert [faults_in(example) for example in examples_in(document)] == [[]] * len(examples_in(document))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [("handler.next(options);", "handler.next(options;"), ("Future<void> onError(", "Future<void onError(")],
)
def test_an_example_with_a_slip_is_noticed(right: str, wrong: str) -> None:
    example = examples_in("README.md")[0]
    assert right in example
    assert faults_in(example.replace(right, wrong))


def test_both_languages_show_the_same_examples() -> None:
    english, russian = ([re.sub(r"//.*", "", each) for each in examples_in(document)] for document in DOCUMENTS)
    assert english
    assert english == russian
