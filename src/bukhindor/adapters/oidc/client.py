"""This service as a client of the provider: codes are redeemed, and access is withdrawn (RFC 6749, RFC 7009)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bukhindor.adapters.oidc.client_secret import ClientProof
from bukhindor.adapters.oidc.id_token import Refused, read_token, subject_in
from bukhindor.adapters.oidc.metadata import Metadata
from bukhindor.adapters.oidc.outbound import Answer, Outbound, Unusable, decoded, is_on_host_of
from bukhindor.domain.errors import InvalidAuthorizationCode
from bukhindor.domain.identity import ProviderGrant, ProviderSettings
from bukhindor.ports.identity_provider import Redeemed

_OK = 200
_REFUSED = frozenset({400, 401, 403})
_LONGEST_TOKEN = 16_384


class Client:
    """Requests to the endpoints that discovery has named."""

    def __init__(self, settings: ProviderSettings, outbound: Outbound) -> None:
        self._issuer = settings.issuer
        self._outbound = outbound
        self._proof = ClientProof(settings)

    async def redeem(self, metadata: Metadata, client_id: str, fields: Mapping[str, str], now: datetime) -> Redeemed:
        """`fields` are those of the form beside the grant type and the client.

        Raises InvalidAuthorizationCode if the provider says that it is the code, and Unusable for everything else.
        """
        asked = {"grant_type": "authorization_code", **fields}
        answer = await self._ask(metadata, metadata.token_endpoint, asked, client_id, now)
        if answer.status == _OK:
            return _redeemed(_content(answer))
        error = _error_of(answer)
        if error == "invalid_grant":
            raise InvalidAuthorizationCode
        raise Unusable(_explained(answer.status, error))

    async def revoke(self, metadata: Metadata, grant: ProviderGrant, now: datetime) -> None:
        """Nothing where the provider can't revoke. Raises Unusable."""
        if metadata.revocation_endpoint is None:
            return
        asked = {"token": grant.refresh_token, "token_type_hint": "refresh_token"}
        answer = await self._ask(metadata, metadata.revocation_endpoint, asked, grant.client_id, now)
        error = _error_of(answer)
        # What is revoked already, or has expired, needs no revocation.
        if answer.status != _OK and error not in ("invalid_grant", "invalid_token"):
            raise Unusable(_explained(answer.status, error))

    async def _ask(
        self, metadata: Metadata, endpoint: str, asked: Mapping[str, str], client_id: str, now: datetime
    ) -> Answer:
        fields, authorization = self._proof.of(client_id, metadata, now)
        try:
            return await self._outbound.post(
                endpoint,
                {**asked, **fields},
                is_named_by_operator=is_on_host_of(self._issuer, endpoint),
                authorization=authorization,
            )
        except OSError as error:
            raise Unusable(f"{endpoint}: {error}") from error


def _redeemed(content: Mapping[str, Any]) -> Redeemed:
    """The tokens of a successful response (OpenID Connect Core 1.0 section 3.1.3.3)."""
    id_token, refresh_token = content.get("id_token"), content.get("refresh_token")
    if not isinstance(id_token, str):
        raise Unusable("the response to an authorization code has no ID token; the scope openid is needed")
    is_kept = isinstance(refresh_token, str) and 0 < len(refresh_token) <= _LONGEST_TOKEN
    return Redeemed(id_token, refresh_token if is_kept else None, _subject_of(id_token))


def _subject_of(id_token: str) -> str | None:
    try:
        return subject_in(read_token(id_token).claims)
    except Refused:
        return None


def _content(answer: Answer) -> dict[str, Any]:
    if answer.media_type != "application/json":
        raise Unusable("the response to an authorization code is not JSON")
    return decoded(answer.body, "the response to an authorization code")


def _error_of(answer: Answer) -> str:
    """The word for what is wrong (RFC 6749 section 5.2), or an empty text."""
    if answer.status not in _REFUSED:
        return ""
    try:
        error = decoded(answer.body, "").get("error")
    except Unusable:
        return ""
    return error if isinstance(error, str) and error.isascii() and error.isprintable() else ""


def _explained(status: int, error: str) -> str:
    if error in ("invalid_client", "unauthorized_client"):
        return f"it refuses this client ({error}): client id and secret, or team, key id and key file, don't match"
    return f"it answers with status {status}{f' and {error[:60]}' if error else ''}"
