"""Ceremonies without cryptography: a credential is right when its client data is the value of the challenge."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from uuid import UUID

from bukhindor.domain.passkey import (
    CHALLENGE_LIFE,
    Asserted,
    Attested,
    Ceremony,
    CreatedCredential,
    Passkey,
    PasskeyChallenge,
    UsedCredential,
)
from bukhindor.domain.user import User


class FakePasskeyChallenges:
    def __init__(self) -> None:
        self._issued: dict[str, PasskeyChallenge] = {}
        self._numbers = count(1)

    def for_creation(self, user_id: UUID, user_handle: bytes, now: datetime) -> PasskeyChallenge:
        bare = self._issue(Ceremony.CREATION, now)
        self._issued[bare.id] = replace(bare, user_id=user_id, user_handle=user_handle)
        return self._issued[bare.id]

    def for_request(self, now: datetime) -> PasskeyChallenge:
        return self._issue(Ceremony.REQUEST, now)

    def read(self, challenge_id: str, now: datetime) -> PasskeyChallenge | None:
        found = self._issued.get(challenge_id)
        return found if found is not None and now < found.expires_at else None

    def _issue(self, ceremony: Ceremony, now: datetime) -> PasskeyChallenge:
        number = next(self._numbers)
        challenge = PasskeyChallenge(f"challenge-{number}", number.to_bytes(32), ceremony, now + CHALLENGE_LIFE)
        self._issued[challenge.id] = challenge
        return challenge


class FakePasskeyCeremonies:
    """The attestation of a new passkey is its public key; a use has the counter, and the public key as signature."""

    def creation_options(self, challenge: PasskeyChallenge, owner: User, existing: Sequence[Passkey]) -> str:
        excluded = [passkey.credential_id.hex() for passkey in existing]
        return json.dumps({"handle": challenge.user_handle.hex(), "name": owner.email.shown, "excluded": excluded})

    def request_options(self, challenge: PasskeyChallenge) -> str:
        return json.dumps({"challenge": challenge.value.hex()})

    def verify_creation(self, credential: CreatedCredential, challenge: PasskeyChallenge) -> Attested | None:
        if credential.client_data != challenge.value:
            return None
        return Attested(credential.id, credential.attestation_object, 0, is_synced=True, is_backed_up=False)

    def verify_use(self, credential: UsedCredential, challenge: PasskeyChallenge, passkey: Passkey) -> Asserted | None:
        if credential.client_data != challenge.value or credential.signature != passkey.public_key:
            return None
        return Asserted(int.from_bytes(credential.authenticator_data), is_synced=True, is_backed_up=True)
