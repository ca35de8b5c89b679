"""The steps of the Dockerfile lead to a service that runs; `image_steps` says what this can't show."""

import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.dockerfile import read_dockerfile
from tests.deploy.image_steps import Image, build
from tests.servers.processes import free_port, temporary_folder

pytestmark = pytest.mark.unmeasured

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "Dockerfile"
START_SECONDS = 60
ANSWER_SECONDS = 20
# Ends with 0 if a module lies within a folder; the standard library of this machine's own Python does not.
_WITHIN = "import os, sys, {0}; sys.exit(not os.path.realpath({0}.__file__).startswith('{1}'))"


@pytest.fixture
def workshop() -> Iterator[Path]:
    folder = temporary_folder("image")
    # As an engine has it: the image's user may read what root has made, whatever this machine's rule is.
    mask = os.umask(0o022)
    yield folder
    os.umask(mask)
    make_writable(folder)
    shutil.rmtree(folder)


def test_the_steps_give_a_service_that_runs_as_another_user_on_a_read_only_file_system(workshop: Path) -> None:
    """Nothing but DATA_DIR and TMPDIR is written to, and no tool to install or build with is left."""
    image = build(DOCKERFILE, clean_context(workshop / "context"), workshop, {"VERSION": "1.2.3"})
    make_read_only(image)
    before = files_of(image)
    port = free_port()
    environment = {**image.environment, **production(port)}
    service = start(image, environment)
    try:
        assert answer(port, "/health/live")["status"] == "ok"
        assert run(image, environment, *image.health_command).returncode == 0
        assert run(image, {**environment, "SERVER_PORT": str(free_port())}, *image.health_command).returncode == 1
    finally:
        service.send_signal(signal.Signals[image.stop_signal])
        log, _ = service.communicate(timeout=START_SECONDS)
    assert service.returncode == 0, log.decode()
    assert files_of(image) == before
    assert (image.root / "data" / "bukhindor.db").is_file()
    for module in ("pip", "ensurepip", "hatchling", "pytest"):
        assert run(image, environment, "python", "-c", _WITHIN.format(module, image.root.resolve())).returncode == 1


def test_the_last_stage_is_the_same_pinned_base_and_nothing_in_it_is_root() -> None:
    first, last = read_dockerfile(DOCKERFILE)
    assert first.base == last.base
    assert "@sha256:" in last.base
    user, _, group = last.last("USER").text.partition(":")
    assert min(int(user), int(group)) >= 10_000
    assert last.last("ENTRYPOINT").words({}) == ["bukhindor"]
    assert last.last("CMD").words({}) == ["serve"]


def test_the_lock_of_tracing_pins_the_versions_of_the_main_lock() -> None:
    main, tracing = (pinned(ROOT / "requirements" / name) for name in ("run.txt", "tracing.txt"))
    shared = main.keys() & tracing.keys()
    assert {name: tracing[name] for name in shared} == {name: main[name] for name in shared}
    assert "opentelemetry-sdk" in tracing
    assert main.keys() - tracing.keys() == {"hatchling", "pathspec", "pluggy", "tomlkit", "trove-classifiers"}


def test_all_that_is_copied_gets_past_the_ignore_file() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    first, _ = read_dockerfile(DOCKERFILE)
    copied = {word for step in first.instructions if step.name == "COPY" for word in step.words({})[:-1]}
    assert copied == kept


def clean_context(folder: Path) -> Path:
    """What .dockerignore lets through."""
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        source = ROOT / line.removeprefix("!")
        if not line.startswith("!"):
            continue
        target = folder / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    return folder


def make_read_only(image: Image) -> None:
    """Take every right to write, but for the volumes and the folder of temporary files."""
    (image.root / "tmp").chmod(0o1777)
    for folder, _, _ in os.walk(image.root.resolve()):
        if Path(folder) not in {image.root.resolve() / name for name in ("tmp", "data")}:
            Path(folder).chmod(0o555)


def make_writable(folder: Path) -> None:
    """Give the right to write back: a user who is not root needs it to remove the contents of a folder."""
    for place, _, _ in os.walk(folder):
        Path(place).chmod(0o755)


def files_of(image: Image) -> set[tuple[str, float]]:
    """Every file outside of what may be written to, with the time of its last change."""
    root = image.root.resolve()
    found = [Path(folder, name) for folder, _, names in os.walk(root) for name in names]
    fixed = [file for file in found if file.relative_to(root).parts[0] not in ("tmp", "data")]
    return {(str(file), file.lstat().st_mtime) for file in fixed}


def production(port: int) -> dict[str, str]:
    return {
        "JWT_SECRET": secrets.token_urlsafe(48),
        "PUBLIC_URL": "https://api.example.com",
        "SMTP_URL": "smtp://localhost:2525",
        "MAIL_FROM": "Example <no-reply@example.com>",
        "SERVER_PORT": str(port),
        "SHUTDOWN_DELAY": "0s",
    }


def start(image: Image, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """The service, once it is ready."""
    program = Path(image.environment["PATH"].partition(":")[0]) / image.start_command[0]
    service = subprocess.Popen(
        [program, *image.start_command[1:]],
        cwd=image.inside(image.folder),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        user=owner(image),
        group=owner(image),
        extra_groups=None if owner(image) is None else [],
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and service.poll() is None:
        try:
            answer(int(environment["SERVER_PORT"]), "/health/ready")
        except OSError:
            time.sleep(0.05)
        else:
            return service
    service.kill()
    output, _ = service.communicate()
    raise AssertionError(f"the service did not start: {output.decode()}")


def owner(image: Image) -> int | None:
    """The user of the image; only root can switch to it."""
    return image.user if os.geteuid() == 0 else None


def run(image: Image, environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[bytes]:
    python = Path(image.environment["PATH"].partition(":")[0]) / command[0]
    return subprocess.run(
        [python, *command[1:]],
        cwd=image.inside(image.folder),
        env=environment,
        capture_output=True,
        check=False,
        user=owner(image),
        extra_groups=None if owner(image) is None else [],
    )


def answer(port: int, path: str) -> dict[str, str]:
    """The body of a 200. Raises OSError for everything else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        raise OSError(f"{path} was answered with {response.status}")
    return dict(json.loads(body))


def pinned(lock: Path) -> dict[str, str]:
    lines = [line.split()[0] for line in lock.read_text("utf-8").splitlines() if "==" in line.partition(" ")[0]]
    return dict(line.partition("==")[::2] for line in lines)
