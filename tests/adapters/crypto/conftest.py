"""Password hashers that cost little and are closed at the end."""

from collections.abc import Iterator

import pytest

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.ports.secrets import PasswordHasher
from tests.adapters.crypto.password_hash_scenes import HasherMaker


@pytest.fixture
def make_hasher() -> Iterator[HasherMaker]:
    made: list[PooledPasswordHasher] = []

    def make(memory_kib: int = 64, iterations: int = 1, workers: int = 1, queue: int = 8) -> PooledPasswordHasher:
        made.append(PooledPasswordHasher(memory_kib, iterations, workers=workers, queue=queue))
        return made[-1]

    yield make
    for hasher in made:
        hasher.close()


@pytest.fixture
def hasher(make_hasher: HasherMaker) -> PasswordHasher:
    return make_hasher()
