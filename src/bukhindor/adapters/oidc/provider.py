"""One provider of other people's identities."""

import logging
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode, urlsplit, urlunsplit

from bukhindor.adapters.oidc.client import Client
from bukhindor.adapters.oidc.discovery import Discovery, Known
from bukhindor.adapters.oidc.id_token import Refused, Unverified, accept, read_token
from bukhindor.adapters.oidc.metadata import ALGORITHMS
from bukhindor.adapters.oidc.notice import accept_notice
from bukhindor.adapters.oidc.outbound import Outbound, Unusable
from bukhindor.domain.errors import InvalidIdToken, ProviderUnavailable
from bukhindor.domain.identity import APPLE, IdentityClaims, ProviderGrant, ProviderSettings
from bukhindor.domain.provider_notice import ProviderNotice
from bukhindor.ports.identity_provider import Redeemed
from bukhindor.ports.system import Clock

_log = logging.getLogger(__name__)

Said = TypeVar("Said")

_PERSONAL = frozenset({"name", "email"})


class OidcProvider:
    """Nothing is fetched before the first call. `discovery` and `outbound` belong to this provider's settings."""

    def __init__(self, settings: ProviderSettings, discovery: Discovery, outbound: Outbound, clock: Clock) -> None:
        self._settings = settings
        self._discovery = discovery
        self._client = Client(settings, outbound)
        self._clock = clock

    @property
    def settings(self) -> ProviderSettings:
        return self._settings

    async def verify(self, id_token: str, nonce: str) -> IdentityClaims:
        return await self._verified(id_token, lambda token: accept(token, self._settings, nonce, self._clock.now()))

    async def read_notice(self, payload: str) -> ProviderNotice:
        return await self._verified(payload, lambda token: accept_notice(token, self._settings, self._clock.now()))

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str) -> str:
        known = await self._known()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_ids[0],
            "redirect_uri": redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *self._settings.scopes))),
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
        }
        if self._settings.name == APPLE and not _PERSONAL.isdisjoint(self._settings.scopes):
            # Apple sends a name or an address in a form, and in no other way.
            query["response_mode"] = "form_post"
        parts = urlsplit(known.metadata.authorization_endpoint)
        joined = "&".join(filter(None, (parts.query, urlencode(query))))
        return urlunsplit((parts.scheme, parts.netloc, parts.path, joined, ""))

    async def redeem(
        self, code: str, *, redirect_uri: str | None, code_verifier: str | None, client_id: str | None = None
    ) -> Redeemed:
        known = await self._known()
        fields = {"code": code, "redirect_uri": redirect_uri, "code_verifier": code_verifier}
        given = {name: value for name, value in fields.items() if value is not None}
        client = client_id or self._settings.client_ids[0]
        try:
            return await self._client.redeem(known.metadata, client, given, self._clock.now())
        except Unusable as unusable:
            raise self._unavailable(unusable) from None

    async def revoke(self, grant: ProviderGrant) -> None:
        known = await self._known()
        try:
            await self._client.revoke(known.metadata, grant, self._clock.now())
        except Unusable as unusable:
            raise self._unavailable(unusable) from None

    async def requires_issuer(self) -> bool:
        return (await self._known()).metadata.names_issuer

    async def _verified(self, text: str, accepted: Callable[[Unverified], Said]) -> Said:
        """What a signed token says. Raises InvalidIdToken, ProviderUnavailable."""
        try:
            token = read_token(text)
            if token.algorithm not in ALGORITHMS:
                raise Refused("its algorithm is not accepted")
            # Before any key is looked for, so that a token that can't be right causes no request.
            said = accepted(token)
            await self._check_signature(token)
        except Refused as refused:
            raise InvalidIdToken(str(refused)) from None
        except Unusable as unusable:
            raise ProviderUnavailable(reason=str(unusable)) from None
        return said

    async def _known(self) -> Known:
        try:
            return await self._discovery.known()
        except Unusable as unusable:
            # Discovery has logged it, once for everyone who waited.
            raise ProviderUnavailable(reason=str(unusable)) from None

    async def _check_signature(self, token: Unverified) -> None:
        known = await self._discovery.known()
        key = known.keys.find(token.kid, token.algorithm)
        if key is None and token.kid is not None and token.algorithm in known.metadata.algorithms:
            known = await self._discovery.newer_than(known)
            key = known.keys.find(token.kid, token.algorithm)
        if key is None:
            raise Refused("the provider has no such key")
        if not key.verifies(token.algorithm, token.signed, token.signature):
            raise Refused("its signature is wrong")

    def _unavailable(self, unusable: Unusable) -> ProviderUnavailable:
        _log.warning("identity provider %s is unavailable: %s", self._settings.name, unusable)
        return ProviderUnavailable(reason=str(unusable))
