"""There is one way into a session, and one proof of presence."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "src" / "bukhindor" / "services"


def calls(source: str, *path: str) -> bool:
    """Whether `source` calls something whose name ends in `path`, such as `tx.sessions.add(…)`."""
    return any(
        tuple(attributes(node.func))[: len(path)] == path[::-1]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
    )


def attributes(node: ast.expr) -> Iterator[str]:
    """The names of a dotted expression, the last one first."""
    while isinstance(node, ast.Attribute):
        yield node.attr
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id


@pytest.mark.parametrize(
    ("path", "files"),
    [
        (("sessions", "add"), ["steps/session_start.py"]),
        (("Session", "start"), ["steps/session_start.py"]),
        (
            ("session_start", "start"),
            [
                "factor_sign_in.py",
                "guests.py",
                "identity_sign_in.py",
                "passkey_sign_in.py",
                "sign_in.py",
                "sign_in_code.py",
            ],
        ),
        (("factor_check", "use"), ["factor_sign_in.py", "reauthentication.py"]),
        (("password_check", "verify"), ["email_verification.py", "sign_in.py", "steps/step_up.py"]),
        (("hasher", "verify"), ["steps/password_check.py"]),
    ],
)
def test_what_opens_an_account_stands_in_few_places(path: tuple[str, ...], files: list[str]) -> None:
    found = [file for file in SERVICES.rglob("*.py") if calls(file.read_text("utf-8"), *path)]
    assert sorted(str(file.relative_to(SERVICES)) for file in found) == files


@pytest.mark.parametrize(
    ("source", "found"),
    [("tx.sessions.add(session)", True), ("sessions.add(1)", True), ("tx.users.add(1)", False), ("f().add()", False)],
)
def test_a_call_is_recognised_by_the_end_of_its_name(source: str, found: bool) -> None:
    assert calls(source, "sessions", "add") is found
