"""One Chromium and one service for all browser tests of a worker. What these run in the service, others measure."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages.browser import Browser
from tests.pages.site import Site, served
from tests.servers.fixtures import opened

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.unmeasured)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    browser = opened(Browser)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A service as `bukhindor serve` starts it; each test registers people of its own."""
    with served() as site:
        yield site
