"""Generate clients from docs/openapi.json, run each through the whole flow, and write the table of the results."""

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.clients.generators import CLIENTS, CannotTry, Client, Failed, run
from tests.clients.later_version import later_version
from tests.servers.processes import free_port

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
_TABLE = re.compile(r"(?<=<!-- clients: written by make clients -->\n).*?(?=<!-- end of clients -->)", re.DOTALL)
_HEAD = "| generator | version | client | result |\n|---|---|---|---|\n"


@contextmanager
def service(folder: Path) -> Iterator[int]:
    """The port of a service that keeps its mails in the mailbox of development."""
    port = free_port()
    variables = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/clients.db", "ENVIRONMENT": "development"}
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(  # The command stands here.
            [sys.executable, "-m", "bukhindor", "serve", "--port", str(port)],
            env=variables, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/health/ready", process)
        yield port
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url):  # An address of this machine.
                return
        except OSError:
            time.sleep(0.1)
    raise Failed("the service does not start")


def attempt(client: Client, url: str, folder: Path) -> str:
    folder.mkdir()
    try:
        command = client.make(folder)
        run([*command, url, f"{client.make.__name__}@example.com"], folder)
    except CannotTry as reason:
        return f"not run: {reason}"
    except Failed as failure:
        return f"failed: {failure}".replace("|", "/")
    return "passed"


def main() -> int:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with service(home) as port, later_version(port) as proxy:
            for client in CLIENTS:
                result = attempt(client, f"http://127.0.0.1:{proxy}", home / client.make.__name__)
                sys.stdout.write(f"{client.program} {client.version}: {result}\n")
                sys.stdout.flush()
                rows.append((client, result))
    lines = (f"| {client.program} | {client.version} | {client.tried} | {result} |\n" for client, result in rows)
    PAGE.write_text(_TABLE.sub(lambda _: _HEAD + "".join(lines), PAGE.read_text()))
    return int(any(result.startswith("failed") for _, result in rows))


if __name__ == "__main__":
    sys.exit(main())
