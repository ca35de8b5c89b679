"""Options for browsers and phones, and the verification of what they return."""

import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar

from bukhindor.domain.passkey import (
    CHALLENGE_LIFE,
    MAX_CREDENTIAL_ID,
    Asserted,
    Attested,
    CreatedCredential,
    Passkey,
    PasskeyChallenge,
    UsedCredential,
)
from bukhindor.domain.relying_party import RelyingParty
from bukhindor.domain.user import User

_log = logging.getLogger(__name__)

# COSE algorithms, the preferred ones first: EdDSA, ES256, RS256 (RFC 9053, RFC 8812).
_ALGORITHMS: list[Any] = [-8, -7, -257]
_TIMEOUT = round(CHALLENGE_LIFE.total_seconds() * 1000)
# An RSA key of 8192 bits fits.
_LONGEST_KEY = 2048

_Found = TypeVar("_Found")


class WebauthnCeremonies:
    def __init__(self, party: RelyingParty, product: str) -> None:
        self._party, self._product = party, product
        self._origins = list(party.origins)

    def creation_options(self, challenge: PasskeyChallenge, owner: User, existing: Sequence[Passkey]) -> str:
        excluded = [
            {"type": "public-key", "id": _encoded(passkey.credential_id), "transports": passkey.transports}
            for passkey in existing
        ]
        return json.dumps(
            {
                "rp": {"id": self._party.id, "name": self._product},
                "user": {
                    "id": _encoded(challenge.user_handle),
                    "name": owner.name if owner.email.is_of_guest else owner.email.shown,
                    "displayName": owner.name,
                },
                "challenge": _encoded(challenge.value),
                "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
                "timeout": _TIMEOUT,
                "excludeCredentials": excluded,
                "authenticatorSelection": {
                    "residentKey": "required",
                    "requireResidentKey": True,
                    "userVerification": "required",
                },
                "attestation": "none",
            }
        )

    def request_options(self, challenge: PasskeyChallenge) -> str:
        return json.dumps(
            {
                "challenge": _encoded(challenge.value),
                "timeout": _TIMEOUT,
                "rpId": self._party.id,
                "allowCredentials": [],
                "userVerification": "required",
            }
        )

    def verify_creation(self, credential: CreatedCredential, challenge: PasskeyChallenge) -> Attested | None:
        return _unless_wrong(lambda: self._created(credential, challenge))

    def verify_use(self, credential: UsedCredential, challenge: PasskeyChallenge, passkey: Passkey) -> Asserted | None:
        return _unless_wrong(lambda: self._used(credential, challenge, passkey))

    def _created(self, credential: CreatedCredential, challenge: PasskeyChallenge) -> Attested | None:
        library = _library()
        found = library.verify_registration_response(
            credential=library.RegistrationCredential(
                id=_encoded(credential.id),
                raw_id=credential.id,
                response=library.AuthenticatorAttestationResponse(
                    client_data_json=credential.client_data, attestation_object=credential.attestation_object
                ),
            ),
            expected_challenge=challenge.value,
            expected_rp_id=self._party.id,
            expected_origin=self._origins,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
        is_usable = (
            found.credential_id == credential.id
            and len(found.credential_id) <= MAX_CREDENTIAL_ID
            and len(found.credential_public_key) <= _LONGEST_KEY
            and not _is_framed(credential.client_data)
        )
        if not is_usable:
            return None
        # A key that can't be loaded must not become a passkey.
        library.load_key(library.decode_key(found.credential_public_key))
        is_synced = found.credential_device_type == "multi_device"
        return Attested(
            found.credential_id, found.credential_public_key, found.sign_count, is_synced, found.credential_backed_up
        )

    def _used(self, credential: UsedCredential, challenge: PasskeyChallenge, passkey: Passkey) -> Asserted | None:
        library = _library()
        found = library.verify_authentication_response(
            credential=library.AuthenticationCredential(
                id=_encoded(credential.id),
                raw_id=credential.id,
                response=library.AuthenticatorAssertionResponse(
                    client_data_json=credential.client_data,
                    authenticator_data=credential.authenticator_data,
                    signature=credential.signature,
                ),
            ),
            expected_challenge=challenge.value,
            expected_rp_id=self._party.id,
            expected_origin=self._origins,
            credential_public_key=passkey.public_key,
            # The caller compares it with the counter as it is in the transaction.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
        if _is_framed(credential.client_data):
            return None
        is_synced = found.credential_device_type == "multi_device"
        return Asserted(found.new_sign_count, is_synced, found.credential_backed_up)


class _Library:
    """py_webauthn, loaded with the first credential: it takes 16 MB, most of it to verify attestations."""

    def __init__(self) -> None:
        import webauthn  # noqa: PLC0415
        from webauthn.helpers import (  # noqa: PLC0415
            decode_credential_public_key,
            decoded_public_key_to_cryptography,
            structs,
        )

        self.verify_registration_response = webauthn.verify_registration_response
        self.verify_authentication_response = webauthn.verify_authentication_response
        self.RegistrationCredential = structs.RegistrationCredential
        self.AuthenticationCredential = structs.AuthenticationCredential
        self.AuthenticatorAttestationResponse = structs.AuthenticatorAttestationResponse
        self.AuthenticatorAssertionResponse = structs.AuthenticatorAssertionResponse
        self.decode_key: Callable[[bytes], Any] = decode_credential_public_key
        self.load_key: Callable[[Any], Any] = decoded_public_key_to_cryptography


_library = cache(_Library)


def _unless_wrong(verify: Callable[[], _Found]) -> _Found | None:
    try:
        return verify()
    except ImportError:
        raise
    except Exception as wrong:
        # A hostile credential raises what its decoders raise: KeyError, ValueError, RecursionError and more.
        _log.debug("passkey refused: %s", type(wrong).__name__)
        return None


def _is_framed(client_data: bytes) -> bool:
    """Whether the page was in a frame of another site's page, which could lead a person into the ceremony."""
    return bool(json.loads(client_data).get("crossOrigin", False))


def _encoded(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
