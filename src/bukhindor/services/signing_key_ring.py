"""The keys that sign access tokens."""

import logging
from dataclasses import dataclass

from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.signing_key import SigningKey, verifying
from bukhindor.ports.secrets import AccessTokens, SigningKeyMaker
from bukhindor.ports.store.transactions import Transactions
from bukhindor.ports.system import Clock

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRing:
    transactions: Transactions
    access_tokens: AccessTokens
    key_maker: SigningKeyMaker
    policy: SessionPolicy
    clock: Clock

    async def load(self) -> None:
        """Read the keys in the store; make one when none of them can sign.

        That is so on the first start, and when none of the server's secrets opens the keys in the store.
        """
        self._use(await self.keys())
        if not self.access_tokens.can_sign():
            key = await self.rotate()
            _log.info("made a signing key: %s", key.kid)

    async def keys(self) -> list[SigningKey]:
        """All stored keys, newest first."""
        async with self.transactions.read() as stored:
            return await stored.signing_keys.all()

    async def verifying(self) -> list[SigningKey]:
        """The keys whose tokens can still be valid: what other services need for verification."""
        return verifying(await self.keys(), self.clock.now(), self.policy.access_token)

    async def rotate(self) -> SigningKey:
        """Sign with a new key from now on; tokens of the old ones stay valid until they expire."""
        now = self.clock.now()
        key = self.key_maker.make(now)
        async with self.transactions.begin() as tx:
            for old in await tx.signing_keys.all():
                if not old.verifies_at(now, self.policy.access_token):
                    await tx.signing_keys.remove(old.kid)
                elif old.retired_at is None:
                    await tx.signing_keys.save(old.retired(now))
            await tx.signing_keys.add(key)
            await tx.commit()
        self._use(await self.keys())
        return key

    def _use(self, keys: list[SigningKey]) -> None:
        self.access_tokens.use(verifying(keys, self.clock.now(), self.policy.access_token))
