"""A real nginx for tests: a given configuration on a free port, in a temporary folder, as root or as another user."""

import os
import re
import signal
from pathlib import Path

from tests.servers.processes import ServerProcess, free_port, listens
from tests.servers.programs import NGINX, environment, locate

# What nginx would otherwise keep in the system's folders.
_HTTP = """
worker_processes 1;
error_log stderr warn;
{user}
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/client_body;
    proxy_temp_path {folder}/proxy;
    access_log off;
{text}
}}
"""


class NginxServer:
    """nginx in front of something else; `port` is known before the start, for the configuration to listen on it."""

    def __init__(self) -> None:
        self._program = locate(NGINX)
        self.process = ServerProcess("nginx", clean_end=signal.SIGTERM)
        self.port = free_port()
        self._file = self.process.folder / "nginx.conf"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process id of the master process."""
        return self.process.pid

    def start(self, configuration: str) -> None:
        """Starts nginx and returns when `port` takes connections.

        `configuration` is a whole file, or what stands inside its `http` block. It must listen on 127.0.0.1:`port`.
        """
        self._write(configuration)
        self.process.start(self._command(), environment(self._program), lambda: listens(self.port))

    def check(self, configuration: str) -> None:
        """Raises ServerFailed with nginx's own words when the configuration is not valid."""
        self._write(configuration)
        self.process.run([*self._command(), "-t"], environment(self._program))

    def reload(self, configuration: str) -> None:
        """Takes another configuration without losing a connection; the change takes a moment to show."""
        self.check(configuration)
        self.process.send(signal.SIGHUP)

    def stop(self) -> None:
        """Stops nginx at once; `start` brings it back."""
        self.process.stop()

    def kill(self) -> None:
        """Ends the master and its workers with SIGKILL."""
        self.process.kill()

    def close(self) -> None:
        """Stops nginx and removes its folder."""
        self.process.close()

    def _write(self, configuration: str) -> None:
        folder = self.process.folder
        if not re.search(r"^\s*http\s*\{", configuration, flags=re.MULTILINE):
            # Workers of a master that runs as root would be another user, who may not exist in the same way.
            user = "user root;" if os.geteuid() == 0 else ""
            configuration = _HTTP.format(user=user, folder=folder, text=configuration)
        self._file.write_text(configuration)

    def _command(self) -> list[str | Path]:
        folder = self.process.folder
        extra = "daemon off;"
        if not re.search(r"^\s*pid\s", self._file.read_text(), flags=re.MULTILINE):
            extra += f" pid {folder}/nginx.pid;"
        return [self._program, "-e", "stderr", "-p", folder, "-c", self._file, "-g", extra]
