"""A provider of identities that this project has not written: npm's oidc-provider, behind stranger.js."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.pages.browser import Window
from tests.pages.site import Site
from tests.servers.node_packages import node_modules
from tests.servers.processes import ServerProcess, free_port, listens
from tests.servers.programs import NODE, environment, locate

_PROGRAM = Path(__file__).with_name("stranger.js")
_NAME, _LABEL = "elsewhere", "Elsewhere"
_CLIENT = {"CLIENT_IDS": "bukhindor-web", "CLIENT_SECRET": "the-secret-of-the-client-of-the-tests", "LABEL": _LABEL}


class Stranger:
    """A provider on a free port, on another site than the service. Everybody is who they say they are there."""

    def __init__(self, response_mode: str) -> None:
        self._response_mode = response_mode
        self._port = free_port()
        self._process = ServerProcess("oidc-provider")

    @property
    def origin(self) -> str:
        """Also its issuer."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service that people may sign in to with it."""
        own = {"ISSUER": self.origin, **_CLIENT}
        return {"OIDC_PROVIDERS": _NAME} | {f"OIDC_{_NAME.upper()}_{name}": value for name, value in own.items()}

    def start(self, site: Site) -> None:
        """Return when it answers; it sends browsers back to the site and nowhere else."""
        node = locate(NODE)
        variables = environment(node) | {"NODE_PATH": str(node_modules())}
        callback = f"{site.url}/api/v1/auth/identities/{_NAME}/callback"
        command: list[str | Path] = [node, _PROGRAM, str(self._port), self._response_mode, callback]
        self._process.start(command, variables, lambda: listens(self._port))

    def stop(self) -> None:
        """As when it is away."""
        self._process.stop()

    def close(self) -> None:
        self._process.close()


@contextmanager
def acquainted(response_mode: str = "query", **variables: str) -> Iterator[tuple[Site, Stranger]]:
    """A service with a provider, which answers in this way; `variables` are further settings of the service."""
    stranger = Stranger(response_mode)
    site = Site(**stranger.settings, **variables)
    try:
        stranger.start(site)
        site.start()
        yield site, stranger
    finally:
        site.close()
        stranger.close()


def introduce(window: Window, who: str) -> None:
    """Sign in at the provider as `who`, and let it tell the service."""
    window.wait_for("Who are you?")
    window.fill("Who are you?", who)
    window.click("button", "Go on")
    window.click("button", "Allow")
