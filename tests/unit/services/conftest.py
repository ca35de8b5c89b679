"""Every test of a service begins with the same scene."""

import pytest

from tests.unit.services.scene import Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()
