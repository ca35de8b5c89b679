"""What Apple reports by itself: a signed token with one event (Sign in with Apple, server-to-server notifications)."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import msgspec

from bukhindor.adapters.oidc.id_token import LEEWAY, Refused, Unverified, address_in, instant, subject_in
from bukhindor.adapters.oidc.metadata import is_name_of
from bukhindor.domain.identity import ProviderSettings
from bukhindor.domain.provider_notice import LIFE, NoticeKind, ProviderNotice

# Apple has documented one kind under two names.
_KINDS = {kind.value: kind for kind in NoticeKind} | {"account-deleted": NoticeKind.ACCOUNT_DELETED}


def accept_notice(token: Unverified, settings: ProviderSettings, now: datetime) -> ProviderNotice:
    """What the notice says, if it is for one of our clients, and for now. The signature is left to the caller.

    Raises Refused.
    """
    claims = token.claims
    if not is_name_of(settings.issuer, claims.get("iss")):
        raise Refused("it is of another issuer")
    if claims.get("aud") not in settings.client_ids:
        raise Refused("it is for a client that is not among the client ids of the provider")
    issued_at = instant(claims, "iat")
    if issued_at > now + LEEWAY or issued_at < now - LIFE:
        raise Refused("it was made too long ago, or in the future")
    if "exp" in claims and instant(claims, "exp") < now - LEEWAY:
        raise Refused("it has expired")
    event = _event(claims.get("events"))
    return ProviderNotice(
        kind=_KINDS.get(str(event.get("type")), NoticeKind.OTHER),
        provider=settings.name,
        issuer=settings.issuer,
        subject=subject_in(event),
        reported_at=issued_at,
        email=address_in(event.get("email")),
        token_hash=sha256(token.signed).digest(),
        expires_at=issued_at + LIFE + LEEWAY,
    )


def _event(value: object) -> Mapping[str, Any]:
    """Apple writes the event as a text with JSON in it; an object is understood as well."""
    try:
        event = msgspec.json.decode(value) if isinstance(value, str) else value
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
        raise Refused("its event is not JSON") from error
    if not isinstance(event, dict):
        raise Refused("it has no event")
    return event
