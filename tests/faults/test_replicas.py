"""Three real replicas on one database and one Redis, behind a real nginx with the configuration that is deployed."""

import pytest

from tests.faults.postgres_stories import Story
from tests.faults.replica_stories import REPLICAS
from tests.faults.stage import Stage
from tests.servers.fixtures import opened
from tests.servers.nginx import NginxServer


@pytest.mark.parametrize("story", REPLICAS.values(), ids=REPLICAS)
async def test_replicas_come_and_go_and_clients_do_not_notice(stage: Stage, story: Story) -> None:
    """REL-01, REL-03, REL-20."""
    opened(NginxServer).close()
    finding = await story(stage)
    assert finding.surprises == (), finding.seen
