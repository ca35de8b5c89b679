"""Signing keys in a dictionary."""

from bukhindor.domain.signing_key import SigningKey


class FakeSigningKeys:
    def __init__(self, keys: dict[str, SigningKey]) -> None:
        self._keys = keys

    async def all(self) -> list[SigningKey]:
        return sorted(self._keys.values(), key=lambda key: (key.created_at, key.kid), reverse=True)

    async def add(self, key: SigningKey) -> None:
        self._keys[key.kid] = key

    async def save(self, key: SigningKey) -> None:
        if key.kid in self._keys:
            self._keys[key.kid] = key

    async def remove(self, kid: str) -> None:
        self._keys.pop(kid, None)
