"""The keys that sign access tokens."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bukhindor.domain.errors import StoreUnavailable
from bukhindor.domain.signing_key import KeyRing, SigningKey, SigningKeyPolicy
from bukhindor.ports.store.signing_keys import HasSigningKeys
from bukhindor.ports.store.transactions import Transaction, Transactions
from bukhindor.ports.system import Clock
from bukhindor.ports.token_keys import KeyedAccessTokens, SigningKeyMaker

_log = logging.getLogger(__name__)


class _Writing(HasSigningKeys, Transaction, Protocol):
    """What a rotation needs from the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKeyRing:
    transactions: Transactions[HasSigningKeys, _Writing]
    access_tokens: KeyedAccessTokens
    key_maker: SigningKeyMaker
    policy: SigningKeyPolicy
    clock: Clock

    async def load(self) -> None:
        """Read the keys in the store; make one when none of them can sign, or the newest is too old.

        None can sign on the first start, and when none of the server's secrets opens the keys in the store.
        """
        keys = await self.keys()
        self._use(keys)
        if not self.access_tokens.can_sign():
            key = await self.rotate(at_once=True)
            _log.info("made a signing key: %s", key.kid)
        elif self.policy.is_rotation_due(keys, self.clock.now()):
            await self._rotate_when_due()

    async def keys(self) -> list[SigningKey]:
        """All stored keys, newest first."""
        async with self.transactions.read() as stored:
            return await stored.signing_keys.all()

    def published(self) -> Sequence[SigningKey]:
        """The keys whose tokens can be valid now or soon: what other services need for verification, newest first.

        Raises StoreUnavailable when no key has been read yet.
        """
        keys = self.access_tokens.ring.verifying
        if not keys:
            raise StoreUnavailable
        return KeyRing.at(self.clock.now(), keys, self.policy.token_life).verifying

    async def rotate(self, *, at_once: bool = False) -> SigningKey:
        """Publish a new key, which signs after the publication lead, or at once. Tokens of the old ones stay valid
        until they expire.

        Services that have cached the published keys refuse tokens of a key that signs at once, until they read again.
        """
        async with self.transactions.begin() as tx:
            key = await self._add_key(tx, await tx.signing_keys.all(), at_once=at_once)
            await tx.commit()
        self._use(await self.keys())
        return key

    async def _rotate_when_due(self) -> None:
        async with self.transactions.begin() as tx:
            stored = await tx.signing_keys.all()
            if not self.policy.is_rotation_due(stored, self.clock.now()):
                # Another replica was faster.
                return
            key = await self._add_key(tx, stored, at_once=False)
            await tx.commit()
        self._use(await self.keys())
        _log.info("published a signing key: %s", key.kid)

    async def _add_key(self, tx: _Writing, stored: Sequence[SigningKey], *, at_once: bool) -> SigningKey:
        """Add a new key, set the end of the others, and remove those that are of no more use."""
        now = self.clock.now()
        signs_from = now if at_once else now + self.policy.publication_lead
        for old in stored:
            if not old.verifies_at(now, self.policy.token_life):
                await tx.signing_keys.remove(old.kid)
            elif (retired := old.retired(signs_from)) is not old:
                await tx.signing_keys.save(retired)
        key = self.key_maker.make(now)
        await tx.signing_keys.add(key)
        return key

    def _use(self, keys: Sequence[SigningKey]) -> None:
        self.access_tokens.use(KeyRing.at(self.clock.now(), keys, self.policy.token_life))
