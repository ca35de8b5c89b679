"""How a person signed in, for every way of signing in."""

from dataclasses import dataclass
from datetime import datetime

from bukhindor.domain.device import Device
from bukhindor.domain.origin import Origin
from bukhindor.domain.password_attempt import AttemptKind
from bukhindor.domain.sign_in_method import Method
from bukhindor.domain.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfSignedIn:
    """A person who is half signed in: the first factor is right, and the account may require a second one.

    A half-signed-in person has no session and no rights. Every way of signing in makes one of these, and `SessionStart`
    alone turns it into a session. `user` is the account as read in the transaction that starts the session. `methods`
    are in the order in which they were proved, and `authenticated_at` is when the last one was. `kind` is what the
    client presented besides the methods, `proven_device` is the name of the device in its device proof, and
    `network_used_at` is when the account last signed in or was reset from the client's network.
    """

    user: User
    methods: tuple[Method, ...]
    authenticated_at: datetime
    origin: Origin
    device: Device
    kind: AttemptKind
    proven_device: str
    network_used_at: datetime | None
