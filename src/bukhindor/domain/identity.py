"""Identities: accounts that people have at other providers, and sign in with here (OpenID Connect Core 1.0)."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.sign_in_method import Method

APPLE = "apple"
PRIVATE_RELAY_DOMAIN = "privaterelay.appleid.com"
"""Apple forwards mails to addresses of this domain, until the person stops it."""

MAX_IDENTITIES = 10
"""How many an account can have."""

MAX_SUBJECT = 255
"""OpenID Connect Core 1.0 section 2: a subject has at most 255 ASCII characters."""

_SEVERAL_FACTORS = frozenset({"mfa", "otp", "hwk", "swk", "sc", "fpt", "face", "iris", "sms"})
"""Values of RFC 8176 that a password alone does not earn."""


@dataclass(frozen=True, slots=True)
class AppleKey:
    """The key from Apple that the server signs its client secret with; `pem` is the content of the `.p8` file."""

    team_id: str
    key_id: str
    pem: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """What the operator says about one provider.

    `client_ids` are those of the team's apps there; the first one is used for the web flow. `client_secret` is None for
    a public client, and for Apple, where `apple_key` takes its place. With `trusts_amr` a second factor at the provider
    counts as one here.
    """

    name: str
    label: str
    issuer: str
    client_ids: tuple[str, ...]
    client_secret: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    trusts_amr: bool = False
    apple_key: AppleKey | None = None

    @property
    def vouches_for_relay(self) -> bool:
        """Whether it can say whose a relay address is."""
        return self.name == APPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityClaims:
    """What a verified ID token says about a person.

    `provider` is its name in the settings, `audience` the client id that the token is for. `email` is None when there
    is none, or none that can be an address. `amr` are the methods that the provider names. `token_hash` is the SHA-256
    of what is signed in the token, which is good for one use; after `expires_at` no one accepts it anyway.
    """

    provider: str
    issuer: str
    subject: str
    audience: str
    email: EmailAddress | None
    is_email_verified: bool
    is_private_email: bool
    name: str | None
    amr: tuple[str, ...]
    token_hash: bytes
    expires_at: datetime

    def methods(self, settings: ProviderSettings) -> tuple[Method, ...]:
        """What the person has proved: two factors if the provider says so and the operator trusts that."""
        has_two = settings.trusts_amr and not _SEVERAL_FACTORS.isdisjoint(self.amr)
        return (Method.IDENTITY, Method.SEVERAL) if has_two else (Method.IDENTITY,)

    def proven_email(self, settings: ProviderSettings) -> EmailAddress | None:
        """The address that the provider has verified; None when there is none, or it can't vouch for it. No one can for
        what stands in for a guest's.
        """
        if self.email is None or not self.is_email_verified or self.email.is_of_guest:
            return None
        return None if is_relay_address(self.email) and not settings.vouches_for_relay else self.email


@dataclass(frozen=True, slots=True)
class ProviderGrant:
    """What the server needs to withdraw its access at a provider: a refresh token, and the client that it is for."""

    client_id: str
    refresh_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """The account of a person at a provider, linked to one account here.

    It is named by issuer and subject, never by an address. `email` is the address that the provider last gave.
    `is_private_email` means that Apple forwards mails to it.
    """

    id: UUID
    user_id: UUID
    provider: str
    issuer: str
    subject: str
    email: EmailAddress | None
    is_email_verified: bool
    is_private_email: bool
    created_at: datetime
    last_used_at: datetime | None = None
    grant: ProviderGrant | None = None

    @classmethod
    def link(cls, id: UUID, user_id: UUID, claims: IdentityClaims, now: datetime) -> Self:
        return cls(
            id,
            user_id,
            claims.provider,
            claims.issuer,
            claims.subject,
            claims.email,
            claims.is_email_verified,
            claims.is_private_email,
            now,
        )

    def used(self, claims: IdentityClaims, now: datetime, grant: ProviderGrant | None = None) -> Self:
        """The identity after a sign-in. What the provider leaves out this time stays: an address, or a new grant."""
        identity = replace(self, last_used_at=now, grant=grant or self.grant)
        if claims.email is None:
            return identity
        return replace(
            identity,
            email=claims.email,
            is_email_verified=claims.is_email_verified,
            is_private_email=claims.is_private_email,
        )

    def with_grant(self, grant: ProviderGrant) -> Self:
        return replace(self, grant=grant)


def is_relay_address(email: EmailAddress) -> bool:
    """Whether Apple forwards mails to this address, for as long as the person wants it."""
    return email.value.rpartition("@")[2] == PRIVATE_RELAY_DOMAIN


def outlives_identities(email: EmailAddress) -> bool:
    """Whether mails to this address arrive for as long as the account is there."""
    return not email.is_of_guest and not is_relay_address(email)
