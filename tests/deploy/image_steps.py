"""Performs the steps of the Dockerfile without a container engine.

Each stage is a folder, and one link, `root`, leads to the folder of the stage at work. The absolute paths that the
Dockerfile names are written as paths below that link, so a file that is copied to a later stage finds itself again.

It shows that the steps work, that what they copy exists, and that the result runs. It does not show the base image,
its Python and system libraries, isolation, or layers: a program outside those paths is this machine's.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

from tests.deploy.dockerfile import Instruction, Stage, read_dockerfile

_NOT_NEEDED = shutil.ignore_patterns(
    "site-packages", "test", "tests", "idlelib", "tkinter", "config-3*", "share", "*.a"
)
_ABSOLUTE = re.compile(r"(?<![\w./@-])/(?=(?:opt|usr/local|build|data|tmp)\b)")


@dataclass
class Image:
    """What the last stage leaves: its folder, and how a container of it would be started."""

    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: int = 0
    folder: str = "/"
    stop_signal: str = ""
    volumes: list[str] = field(default_factory=list)
    health_command: list[str] = field(default_factory=list)
    start_command: list[str] = field(default_factory=list)

    def inside(self, path: str) -> str:
        """An absolute path of the image, or a text with such paths, as it is here."""
        return _ABSOLUTE.sub(f"{self.root}/", path)


def build(dockerfile: Path, context: Path, workshop: Path, arguments: Mapping[str, str]) -> Image:
    """Perform all stages inside `workshop`, which other users must be able to enter.

    Raises CalledProcessError when a step fails.
    """
    folders: dict[str, Path] = {}
    root = workshop / "root"
    image = Image(root)
    for number, stage in enumerate(read_dockerfile(dockerfile)):
        folders[stage.name] = folder = workshop / f"stage-{number}"
        folder.mkdir()
        root.unlink(missing_ok=True)
        root.symlink_to(folder.name)
        (root / "tmp").mkdir()
        _install_base(root / "usr" / "local", workshop / "base")
        image = Image(root)
        _perform(stage, image, context, folders, arguments)
    return image


def _perform(stage: Stage, image: Image, context: Path, folders: Mapping[str, Path], given: Mapping[str, str]) -> None:
    """Every instruction of one stage; what it sets for containers is kept in `image`."""
    image.environment = {
        "PATH": f"{image.root}/usr/local/bin:{os.defpath}",
        "LD_LIBRARY_PATH": f"{image.root}/usr/local/lib",
        "HOME": f"{image.root}/tmp",
    }
    arguments: dict[str, str] = {}
    entrypoint: list[str] = []
    for instruction in stage.instructions:
        known = {**arguments, **image.environment}
        match instruction.name:
            case "ARG":
                defaults = instruction.pairs(known)
                arguments |= {name: given.get(name, default) for name, default in defaults.items()}
            case "ENV":
                pairs = instruction.pairs(known)
                image.environment |= {name: _elsewhere(image, value) for name, value in pairs.items()}
            case "WORKDIR":
                image.folder = instruction.text
                Path(image.inside(image.folder)).mkdir(parents=True, exist_ok=True)
            case "RUN":
                command = ["sh", "-e", "-c", image.inside(instruction.text)]
                machine = _of_this_machine(has_cache="mount" in instruction.flags)
                subprocess.run(command, cwd=image.inside(image.folder), env={**machine, **known}, check=True)
            case "COPY":
                _copy(instruction, image, context, folders)
            case "USER":
                image.user = int(instruction.text.partition(":")[0])
            case "VOLUME":
                image.volumes += instruction.words(known)
            case "STOPSIGNAL":
                image.stop_signal = instruction.text
            case "HEALTHCHECK":
                image.health_command = Instruction("CMD", instruction.text.removeprefix("CMD").strip(), {}).words({})
            case "ENTRYPOINT":
                entrypoint = instruction.words(known)
            case "CMD":
                image.start_command = entrypoint + instruction.words(known)
            case "LABEL" | "EXPOSE":
                pass
            case unknown:
                raise AssertionError(f"{unknown} is not understood here")


def _copy(instruction: Instruction, image: Image, context: Path, folders: Mapping[str, Path]) -> None:
    *sources, target = instruction.words({})
    place = Path(image.inside(target)) if target.startswith("/") else Path(image.inside(image.folder)) / target
    for source in sources:
        origin = folders[instruction.flags["from"]] / source.lstrip("/") if "from" in instruction.flags else None
        found = origin or context / source
        if found.is_dir():
            # A stage is over when another takes from it, so its files can be shared.
            take = os.link if origin else shutil.copy2
            shutil.copytree(found, place, symlinks=True, dirs_exist_ok=True, copy_function=take)
        else:
            into_folder = target.endswith("/") or place.is_dir()
            file = place / found.name if into_folder else place
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, file)
    if "chmod" in instruction.flags:
        place.chmod(int(instruction.flags["chmod"], 8))
    if "chown" in instruction.flags and os.geteuid() == 0:
        user, _, group = instruction.flags["chown"].partition(":")
        os.chown(place, int(user), int(group))


def _install_base(prefix: Path, kept: Path) -> None:
    """A Python with pip, as the base image has it; a copy where other users can't reach this machine's."""
    if kept.exists():
        shutil.copytree(kept, prefix, symlinks=True, copy_function=os.link)
        return
    python = f"python3.{sys.version_info.minor}"
    if _open_to_others(Path(sys.base_prefix)):
        subprocess.run([Path(sys.base_prefix) / "bin" / python, "-m", "venv", prefix], check=True)
    else:
        shutil.copytree(sys.base_prefix, prefix, symlinks=True, ignore=_NOT_NEEDED)
        library = prefix / "lib" / python
        (wheel,) = (library / "ensurepip" / "_bundled").glob("pip-*.whl")
        with ZipFile(wheel) as pip:
            pip.extractall(library / "site-packages")
    shutil.copytree(prefix, kept, symlinks=True, copy_function=os.link)


def _open_to_others(place: Path) -> bool:
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in (place, *place.parents))


def _elsewhere(image: Image, value: str) -> str:
    """A value of ENV with its paths moved; those that are below the root already stay."""
    return ":".join(part if part.startswith(str(image.root)) else image.inside(part) for part in value.split(":"))


def _of_this_machine(*, has_cache: bool) -> dict[str, str]:
    """How pip reaches packages here, which an engine would know by itself; the cache stands for a cache mount."""
    found = {
        name: value for name, value in os.environ.items() if re.match(r"PIP_|SSL_CERT_|(https?|no)_proxy$", name, re.I)
    }
    cache = os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache" / "pip"))
    return {**found, "PIP_CACHE_DIR": cache} if has_cache else {**found, "PIP_NO_CACHE_DIR": "1"}
