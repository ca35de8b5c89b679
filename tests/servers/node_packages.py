"""Brings the npm packages of the browser tests, with npm's own client, into a folder of the project.

npm checks each package against the hash in package-lock.json. Where it takes them from is npm's own configuration.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.servers.programs import NODE, PROJECT, PROVIDED, ProgramMissing, find, npm_of
from tests.servers.provide import CannotBring, run

_LISTED = PROJECT / "tests" / "pages"
_LISTS = ("package.json", "package-lock.json")
_BROUGHT = PROVIDED / "node_packages"


def provide_node_packages(say: Callable[[str], None]) -> bool:
    """Make sure of the packages and say one line when it brings or cannot bring them; return whether they are there."""
    if _is_current():
        return True
    node = find(NODE)
    if node is None:
        return False
    PROVIDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PROVIDED, prefix="new-") as workspace:
        folder = Path(workspace, "packages")
        folder.mkdir()
        for name in _LISTS:
            shutil.copy(_LISTED / name, folder)
        try:
            run([node, npm_of(node), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
        except CannotBring as reason:
            say(f"The browser tests need the packages of tests/pages/package.json, and npm cannot bring them: {reason}")
            return False
        shutil.rmtree(_BROUGHT, ignore_errors=True)
        folder.rename(_BROUGHT)
    say("Brought playwright-core, axe-core and oidc-provider for the tests, from npm")
    return True


def node_modules() -> Path:
    """The folder that Node.js finds the packages in; ProgramMissing when they are not there."""
    if not _is_current():
        raise ProgramMissing(
            "the tests need playwright-core, axe-core and oidc-provider: "
            "install Node.js with npm and run make test again"
        )
    return _BROUGHT / "node_modules"


def _is_current() -> bool:
    """Whether those were brought that the lock names."""
    lock = _BROUGHT / _LISTS[1]
    return lock.exists() and lock.read_bytes() == (_LISTED / _LISTS[1]).read_bytes()
