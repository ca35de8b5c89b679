"""One stage for the stories of each test process."""

from collections.abc import Iterator

import pytest

from tests.faults.stage import Stage, Thoroughness
from tests.servers.fixtures import opened
from tests.servers.redis import RedisServer


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("faults"), Thoroughness())
    # A missing program is said in one line.
    opened(stage.postgres)
    opened(RedisServer).close()
    yield stage
    stage.close()
