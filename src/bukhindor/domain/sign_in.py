"""How a person signed in, for every way of signing in."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID

from bukhindor.domain.device import Device
from bukhindor.domain.guest import PresentedGuest
from bukhindor.domain.origin import Origin
from bukhindor.domain.password_attempt import AttemptKind
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User

AWAITED_LIFE = timedelta(minutes=5)
"""How long a sign-in waits for its second factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfSignedIn:
    """A person who is half signed in: the first factor is right, and the account may require a second one.

    A half-signed-in person has no session and no rights. Every way of signing in makes one of these, and `SessionStart`
    alone turns it into a session. `user` is the account as read in the transaction that starts the session. `methods`
    are in the order in which they were proved, and `authenticated_at` is when the last one was. `kind` is what the
    client presented besides the methods, `proven_device` is the name of the device in its device proof, and
    `network_used_at` is when the account last signed in or was reset from the client's network. The sign-in merges
    `guest` into the account.
    """

    user: User
    methods: tuple[Method, ...]
    authenticated_at: datetime
    origin: Origin
    device: Device
    kind: AttemptKind
    proven_device: str
    network_used_at: datetime | None
    guest: PresentedGuest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitedFactor:
    """What the server remembers of a half-signed-in person until the second factor comes. The client keeps it, sealed.

    It is bound to the account, its password and the client's network. It is good for one sign-in: `last_login_at` is
    that of the account, and any sign-in changes it.
    """

    user_id: UUID
    methods: tuple[Method, ...]
    kind: AttemptKind
    proven_device: str
    network: str
    network_used_at: datetime | None
    password: bytes = field(repr=False)
    last_login_at: datetime | None
    expires_at: datetime

    @classmethod
    def of(cls, half: HalfSignedIn) -> Self:
        return cls(
            user_id=half.user.id,
            methods=half.methods,
            kind=half.kind,
            proven_device=half.proven_device,
            network=half.origin.network,
            network_used_at=half.network_used_at,
            password=_digest_of(half.user),
            last_login_at=half.user.last_login_at,
            expires_at=half.authenticated_at + AWAITED_LIFE,
        )

    def is_from(self, origin: Origin, now: datetime) -> bool:
        """Whether it is still valid at `now`, and comes from the network that it was made for."""
        return now < self.expires_at and origin.network == self.network

    def fits(self, user: User) -> bool:
        """Whether the account is as it was at the first factor: the same password, and no sign-in since."""
        return self.password == _digest_of(user) and self.last_login_at == user.last_login_at

    def completed(
        self,
        user: User,
        method: Method,
        device: Device,
        origin: Origin,
        now: datetime,
        guest: PresentedGuest | None = None,
    ) -> HalfSignedIn:
        """The person with the second factor `method`. A stranger who proves two factors was none: their failures no
        longer count.
        """
        return HalfSignedIn(
            user=user.with_failed_sign_ins(0) if self.kind is AttemptKind.STRANGER else user,
            methods=(*self.methods, method),
            authenticated_at=now,
            origin=origin,
            device=device,
            kind=self.kind,
            proven_device=self.proven_device,
            network_used_at=self.network_used_at,
            guest=guest,
        )


def _digest_of(user: User) -> bytes:
    return sha256((user.password_hash or "").encode()).digest()
