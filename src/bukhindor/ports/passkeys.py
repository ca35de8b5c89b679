"""The ceremonies of WebAuthn Level 3."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from bukhindor.domain.passkey import (
    Asserted,
    Attested,
    CreatedCredential,
    Passkey,
    PasskeyChallenge,
    UsedCredential,
)
from bukhindor.domain.user import User


class PasskeyChallenges(Protocol):
    """Challenges are signed, and not stored."""

    def for_creation(self, user_id: UUID, user_handle: bytes, now: datetime) -> PasskeyChallenge:
        """A new challenge for one account."""

    def for_request(self, now: datetime) -> PasskeyChallenge:
        """A new challenge for anyone who has a passkey."""

    def read(self, challenge_id: str, now: datetime) -> PasskeyChallenge | None:
        """The challenge that this server issued less than five minutes ago; None for any other text."""


class PasskeyCeremonies(Protocol):
    """Options for the client, and the verification of what comes back."""

    def creation_options(self, challenge: PasskeyChallenge, owner: User, existing: Sequence[Passkey]) -> str:
        """PublicKeyCredentialCreationOptionsJSON (section 5.4); devices with an existing passkey are excluded."""

    def request_options(self, challenge: PasskeyChallenge) -> str:
        """PublicKeyCredentialRequestOptionsJSON (section 5.5) for any discoverable passkey."""

    def verify_creation(self, credential: CreatedCredential, challenge: PasskeyChallenge) -> Attested | None:
        """What section 7.1 finds, with user verification; None when anything about it is wrong."""

    def verify_use(self, credential: UsedCredential, challenge: PasskeyChallenge, passkey: Passkey) -> Asserted | None:
        """What section 7.2 finds, with user verification; None when anything about it is wrong.

        The counter is left to the caller.
        """
