"""What every test shares: real servers and how they are reached, how many examples hypothesis tries, and whose coverage
is measured."""

import gc
import os
from collections.abc import Generator
from pathlib import Path

import coverage
import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.servers.fixtures"]

# Time-outs and slowness say more about the machine than about the code.
settings.register_profile("everyday", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("continuous", settings.get_profile("everyday"), derandomize=True, print_blob=True)
settings.load_profile("continuous" if os.environ.get("CI") else "everyday")

_OF_PROCESSES = "COVERAGE_PROCESS_CONFIG"

# A proxy that leads out of the network, as many a CI machine names one, does not lead to the servers of tests.
_NEAR = ",".join(filter(None, ("localhost,127.0.0.1,::1", os.environ.get("no_proxy") or os.environ.get("NO_PROXY"))))
os.environ |= {"no_proxy": _NEAR, "NO_PROXY": _NEAR}


@pytest.fixture
def shown_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that example values of settings name, in the folder that the test works in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (tmp_path / "mails").mkdir()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """To be measured takes a test half as long again; one marked `unmeasured` only goes where others have been."""
    measuring = coverage.Coverage.current()
    if measuring is None or item.get_closest_marker("unmeasured") is None:
        return (yield)
    measuring.stop()
    config = os.environ.pop(_OF_PROCESSES, None)
    try:
        return (yield)
    finally:
        if config is not None:
            os.environ[_OF_PROCESSES] = config
        measuring.start()


def pytest_collection_finish() -> None:
    """What has been loaded by now stays; without this it is looked through again for every few services that end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
