"""The workflows run what was looked at: actions by commit, tools from locks with hashes; `make check` sees to the form.

A tag or a version can be moved to other code after it was looked at, and release jobs may publish an image.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
ACTIONLINT = ROOT / ".github" / "actionlint"

# The commit, and the version that it is, for people and for those who look for newer ones.
PINNED = re.compile(r"\s*(?:- )?uses: [A-Za-z0-9_.-]+/[A-Za-z0-9_./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
# What fetches a program and runs it, or could. Make does so from the locks; what it needs is checked below.
FETCHES = re.compile(
    r"(?<![\w./-])(?:pipx|pip3?|uvx?|npx|npm|curl|wget|gem|cargo|brew|apt|apt-get|go (?:run|install|get))(?![\w-])"
)


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in WORKFLOWS:
        for name, job in yaml.safe_load(file.read_text("utf-8"))["jobs"].items():
            yield from ((f"{file.name} {name}", step) for step in job["steps"])


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_whole_commit_and_says_its_version(file: Path) -> None:
    """CFG-07"""
    lines = [line for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not PINNED.fullmatch(line)] == []
    assert len(lines) == sum("uses" in step for place, step in steps() if place.startswith(f"{file.name} "))


def test_one_action_has_one_commit_everywhere() -> None:
    used = {step["uses"] for _, step in steps() if "uses" in step}
    assert len({action.partition("@")[0] for action in used}) == len(used)


def test_no_step_fetches_a_program_beside_the_locks() -> None:
    """CFG-07: the one call of curl asks the service that has just been started."""
    found = [
        (place, line)
        for place, step in steps()
        for line in step.get("run", "").splitlines()
        if FETCHES.search(line) and "http://127.0.0.1:8080/" not in line
    ]
    assert found == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_package_of_a_lock_has_a_hash(lock: Path) -> None:
    """CFG-07"""
    packages = re.split(r"\n(?=\S)", lock.read_text("utf-8").strip())
    assert packages
    for package in packages:
        assert re.match(r"[a-z0-9][a-z0-9.-]*==\S+ ", package), package
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", package), package


def test_make_installs_from_locks_alone() -> None:
    """CFG-07"""
    text = (ROOT / "Makefile").read_text("utf-8")
    installs = [line for line in text.splitlines() if "$(PIP_INSTALL)" in line]
    of_ours = [line for line in installs if "--no-build-isolation --no-deps --editable ." in line]
    assert len(of_ours) == 1
    assert all("$(FROM_LOCK) requirements/" in line for line in installs if line not in of_ours)
    assert "--require-hashes --no-deps --only-binary :all:" in text
    assert len(re.findall(r"pip install", text)) == 1, "which is PIP_INSTALL itself"


def test_the_linter_of_workflows_is_locked_with_all_that_it_needs() -> None:
    """CFG-07: Go compares each module with the hashes in go.sum, and takes none that is not there."""
    needed = re.findall(r"^\t(\S+ v\S+)(?: // indirect)?$", (ACTIONLINT / "go.mod").read_text("utf-8"), re.MULTILINE)
    assert any(module.startswith("github.com/rhysd/actionlint v") for module in needed)
    hashed = re.findall(r"^(\S+ v\S+) h1:[A-Za-z0-9+/]{43}=$", (ACTIONLINT / "go.sum").read_text("utf-8"), re.MULTILINE)
    assert set(needed) <= set(hashed)


def test_a_job_may_only_read_unless_it_publishes() -> None:
    for file in WORKFLOWS:
        workflow = yaml.safe_load(file.read_text("utf-8"))
        assert workflow["permissions"] == {"contents": "read"}
        assert {name for name, job in workflow["jobs"].items() if "permissions" in job} <= {"publish"}
