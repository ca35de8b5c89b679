"""Reading access tokens, also under keys that another process has made."""

from datetime import datetime, timedelta

from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.signing_key import KeyRing
from bukhindor.domain.tokens import AccessClaims
from bukhindor.ports.secrets import AccessTokens
from bukhindor.ports.store.transactions import Transactions

_KEY_RELOAD_INTERVAL = timedelta(seconds=1)


class AccessTokenReading:
    def __init__(self, *, transactions: Transactions, access_tokens: AccessTokens, policy: SessionPolicy) -> None:
        self._transactions = transactions
        self._access_tokens = access_tokens
        self._policy = policy
        self._keys_loaded_at: datetime | None = None

    async def read(self, token: str, now: datetime) -> AccessClaims:
        """Return the claims of a token that is valid at `now`. Raises InvalidAccessToken."""
        claims = self._access_tokens.read(token, now)
        if claims is None and await self._has_new_key(token, now):
            claims = self._access_tokens.read(token, now)
        if claims is None:
            raise InvalidAccessToken
        return claims

    async def read_at_any_age(self, token: str, now: datetime) -> AccessClaims | None:
        """Return the claims of a token that this server signed, even if it has expired; None for any other text.

        A key that was retired and whose last token has expired is no longer known.
        """
        claims = self._access_tokens.read_at_any_age(token)
        if claims is None and await self._has_new_key(token, now):
            claims = self._access_tokens.read_at_any_age(token)
        return claims

    async def _has_new_key(self, token: str, now: datetime) -> bool:
        """Whether the token's key was unknown and may be known now.

        Keys that other processes have made are read at most once a second: any client can send an unknown key id.
        """
        if self._access_tokens.knows_key_of(token):
            return False
        if self._keys_loaded_at is not None and abs(now - self._keys_loaded_at) < _KEY_RELOAD_INTERVAL:
            return True
        async with self._transactions.read() as stored:
            keys = await stored.signing_keys.all()
        # Set only now: requests that come while the keys are being read, or after this failed, must not be refused.
        self._keys_loaded_at = now
        self._access_tokens.use(KeyRing.at(now, keys, self._policy.access_token))
        return True
