"""Imports between our modules stand at the top of the file, where contracts and readers see them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "bukhindor"
CLI = SOURCE / "cli"
# Where a technology is chosen, the others are not loaded: they take memory, and commands must answer quickly.
LAZY = (CLI, SOURCE / "bootstrap", SOURCE / "adapters" / "sql" / "schema.py")


def hidden_imports(source: str, *, lazy_allowed: bool = False) -> Iterator[str]:
    """Imports of our own package anywhere but at the top level of a module, as `line: module`.

    `lazy_allowed` permits them inside functions; under a condition such as TYPE_CHECKING they never are.
    """
    module = ast.parse(source)
    open_imports: set[ast.AST] = set(module.body)
    if lazy_allowed:
        functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        open_imports.update(statement for function in functions for statement in function.body)
    for node in ast.walk(module):
        if node not in open_imports:
            yield from (f"{node.lineno}: {name}" for name in own_modules(node) if isinstance(node, ast.stmt))
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in (
                "__import__",
                "import_module",
            ):
                yield f"{node.lineno}: {name}()"


def own_modules(node: ast.AST) -> list[str]:
    """The modules of our package that this statement imports."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names if alias.name.partition(".")[0] == "bukhindor"]
        case ast.ImportFrom(level=level, module=name) if level or str(name).partition(".")[0] == "bukhindor":
            return ["." * level + (name or "")]
    return []


def is_lazy(file: Path) -> bool:
    return any(file.is_relative_to(place) for place in LAZY)


def test_no_import_between_our_modules_is_hidden() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{what}"
        for file in sorted(SOURCE.rglob("*.py"))
        for what in hidden_imports(
            file.read_text("utf-8"), lazy_allowed=any(file.is_relative_to(place) for place in LAZY)
        )
    ]
    assert found == []


def test_the_import_contracts_hold() -> None:
    # In a process of its own: the linter takes logging over and silences every logger that it finds.
    linter = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    command = [sys.executable, "-c", linter, "--config", "pyproject.toml", "--no-cache", "--no-logo"]
    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert checked.returncode == 0, checked.stdout


IN_A_FUNCTION = "def f():\n    from bukhindor.web import app"
UNDER_A_CONDITION = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import bukhindor.ports"


@pytest.mark.parametrize(
    "source",
    [
        IN_A_FUNCTION,
        UNDER_A_CONDITION,
        "class C:\n    import bukhindor.web",
        "try:\n    from . import web\nexcept ImportError:\n    pass",
        "import importlib\nimportlib.import_module('bukhindor.web')",
    ],
)
def test_a_hidden_import_is_recognised(source: str) -> None:
    assert len(list(hidden_imports(source))) == 1


@pytest.mark.parametrize(
    "source",
    ["from bukhindor.domain.user import User", "def f():\n    import json", "import bukhindor.ports"],
)
def test_an_open_import_passes(source: str) -> None:
    assert list(hidden_imports(source)) == []


def test_commands_may_import_lazily_in_functions_but_not_under_a_condition() -> None:
    assert list(hidden_imports(IN_A_FUNCTION, lazy_allowed=True)) == []
    assert list(hidden_imports(UNDER_A_CONDITION, lazy_allowed=True)) == ["3: bukhindor.ports"]
