"""Chromium for the tests: windows that are opened, read and used as a person does.

A Node.js process (driver.js) drives Chromium with playwright-core. It ends when its standard input closes, also when
the tests were killed.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.node_packages import node_modules
from tests.servers.processes import temporary_folder
from tests.servers.programs import CHROMIUM, NODE, PROJECT, PROVIDED, environment, locate

SCREENSHOTS = PROJECT / "build" / "screenshots"

_DRIVER = Path(__file__).with_name("driver.js")
_FONTS = PROVIDED / CHROMIUM.key / "usr" / "share" / "fonts"
_FONTS_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{folder}</cachedir></fontconfig>
"""


class BrowserFailed(Exception):
    """Chromium could not do what a test asked for; the text is playwright's."""


@dataclass(frozen=True, slots=True)
class Size:
    """The size of a window in CSS pixels, and whether it is touched."""

    name: str
    width: int
    height: int
    touch: bool


PHONE = Size("phone", 390, 844, touch=True)
DESKTOP = Size("desktop", 1280, 800, touch=False)


@dataclass(frozen=True, slots=True)
class Look:
    """How a person sees pages: the language that the browser asks for, the size, light or dark."""

    language: str = "en"
    size: Size = PHONE
    scheme: str = "light"

    @property
    def name(self) -> str:
        return f"{self.language}-{self.size.name}-{self.scheme}"


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of axe that a page breaks, and where; `impact` is minor, moderate, serious or critical."""

    rule: str
    impact: str
    help: str
    where: list[str]


class Window:
    """One window on one site."""

    def __init__(self, browser: "Browser", number: int, look: Look) -> None:
        self._browser = browser
        self._number = number
        self.look = look

    def goto(self, address: str) -> int:
        """Open an address or a path of the site and return its status."""
        return int(self._do("goto", address=address))

    def click(self, role: str, name: str, *, exact: bool = True) -> None:
        """Click what assistive technology knows by this role and name, or by a name that contains this one."""
        self._do("click", role=role, name=name, exact=exact)

    def fill(self, label: str, text: str) -> None:
        """Fill in the field with this label."""
        self._do("fill", label=label, text=text)

    def press(self, *keys: str) -> None:
        """Press keys such as `Tab`, one after the other."""
        for key in keys:
            self._do("press", key=key)

    def tab_to(self, element: str) -> None:
        """Press Tab until the element has the focus, named as in `focused`; fail when it cannot be reached so."""
        seen: list[str] = []
        while self.focused != element:
            seen.append(self.focused)
            assert len(seen) < 30, seen
            self.press("Tab")

    def type(self, text: str) -> None:
        """Type into the element that has the focus."""
        self._do("type", text=text)

    def wait_for(self, text: str) -> None:
        """Return when the page shows the text."""
        self._do("wait", text=text)

    def wait_for_address(self, path: str) -> None:
        """Return when the window has come to this path of the site."""
        self._do("wait_for_address", address=f"**{path}")

    @property
    def focused(self) -> str:
        """Role and name of the element that has the focus, such as `button "Save"`."""
        return str(self._do("focused"))

    @property
    def text(self) -> str:
        """What the page shows."""
        return str(self._do("text"))

    @property
    def frame_text(self) -> str:
        """What the frame within the page shows."""
        return str(self._do("frame_text"))

    @property
    def title(self) -> str:
        return str(self._do("title"))

    @property
    def url(self) -> str:
        return str(self._do("url"))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        return self._do("evaluate", expression=expression)

    def remove_cookie(self, name: str) -> None:
        """Remove a cookie, as the browser does when it expires."""
        self._do("remove_cookie", name=name)

    def plug_in_authenticator(self) -> None:
        """Give the window a device that makes and uses passkeys without asking, until it closes."""
        self._do("plug_in_authenticator")

    def violations(self) -> list[Violation]:
        """What axe finds in the page as it is now."""
        return [Violation(**found) for found in self._do("axe")]

    def screenshot(self, name: str, *, full: bool = True) -> None:
        """Save a picture of the page, or of the part that shows, as build/screenshots/NAME-LOOK.png."""
        self._do("screenshot", path=str(SCREENSHOTS / f"{name}-{self.look.name}.png"), full=full)

    def problems(self) -> list[str]:
        """Errors of scripts and of the console, refusals by a content security policy, and what came from elsewhere."""
        return list(self._do("problems"))

    def close(self) -> None:
        self._do("close")

    def _do(self, command: str, **arguments: Any) -> Any:
        return self._browser.ask(command, window=self._number, **arguments)


class Browser:
    """One Chromium without a screen. Each window is a person of its own, without cookies."""

    def __init__(self) -> None:
        executable, node = locate(CHROMIUM), locate(NODE)
        # Node.js looks for packages there, as well as beside the program.
        variables = environment(node) | {"NODE_PATH": str(node_modules())}
        self._folder = temporary_folder("chromium")
        self._process = subprocess.Popen(
            [node, _DRIVER], env=variables, cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.version = str(
            self.ask("launch", executable=str(executable), environment=_of_chromium(executable, self._folder))
        )

    @contextmanager
    def window(self, origin: str, look: Look = Look(), others: Sequence[str] = ()) -> Iterator[Window]:
        """A new window on the site `origin`; the test fails when something in it went wrong unseen.

        `others` are the origins that its pages may load from besides.
        """
        size = {"width": look.size.width, "height": look.size.height}
        number = self.ask(
            "open",
            origin=origin,
            others=list(others),
            language=look.language,
            scheme=look.scheme,
            touch=look.size.touch,
            size=size,
        )
        window = Window(self, number, look)
        try:
            yield window
            problems = window.problems()
            assert problems == [], problems
        finally:
            window.close()

    def ask(self, command: str, **arguments: Any) -> Any:
        """What the driver answers to a command; BrowserFailed when it could not do it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the driver has ended"}')
        if "error" in answer:
            raise BrowserFailed(f"{command}: {answer['error']}")
        return answer["result"]

    def close(self) -> None:
        """End Chromium and its driver."""
        self._process.communicate()


def _of_chromium(executable: Path, folder: Path) -> dict[str, str]:
    """Its environment variables; what was unpacked from Debian packages has its fonts beside it."""
    variables = environment(executable) | {"HOME": str(folder)}
    if executable.is_relative_to(PROVIDED):
        configuration = folder / "fonts.conf"
        configuration.write_text(_FONTS_CONFIGURATION.format(fonts=_FONTS, folder=folder))
        variables["FONTCONFIG_FILE"] = str(configuration)
    return variables
