"""The verification of what authenticators return, by the library; the scenarios over HTTP show each refusal."""

import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import pytest

from bukhindor.adapters.crypto.passkey_challenges import SignedPasskeyChallenges
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.webauthn.ceremonies import WebauthnCeremonies
from bukhindor.domain.passkey import CreatedCredential, UsedCredential
from bukhindor.domain.relying_party import RelyingParty
from tests.authenticator import EDDSA, ES256, HONEST, RS256, Authenticator, Forged, decoded
from tests.makers import T0, make_passkey, make_user

ORIGINS = ("https://app.example.com", "android:apk-key-hash:ERERERERERERERERERERERERERERERERERERERERERE")
CEREMONIES = WebauthnCeremonies(RelyingParty("example.com", ORIGINS), "Example")
CHALLENGES = SignedPasskeyChallenges(SecretKeys([b"s" * 32]))
ANN = make_user("ann@example.com", name="Ann")


def created(answer: dict[str, Any]) -> CreatedCredential:
    said = answer["response"]
    return CreatedCredential(decoded(answer["id"]), decoded(said["clientDataJSON"]), decoded(said["attestationObject"]))


def used(answer: dict[str, Any]) -> UsedCredential:
    said = answer["response"]
    parts = (decoded(said[name]) for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle"))
    return UsedCredential(decoded(answer["id"]), *parts)


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("origin", ORIGINS)
def test_what_a_device_makes_and_signs_is_right(algorithm: int, origin: str) -> None:
    device = Authenticator(origin, algorithm, counts=True, is_synced=False)
    creation = CHALLENGES.for_creation(ANN.id, b"h" * 32, T0)
    made = created(device.create(json.loads(CEREMONIES.creation_options(creation, ANN, []))))
    attested = CEREMONIES.verify_creation(made, creation)
    assert attested is not None
    assert (attested.credential_id, attested.sign_count) == (device.keys[0].id, 0)
    assert (attested.is_synced, attested.is_backed_up) == (False, False)
    passkey = make_passkey(ANN, credential_id=attested.credential_id, public_key=attested.public_key)
    request = CHALLENGES.for_request(T0)
    answer = used(device.get(json.loads(CEREMONIES.request_options(request))))
    asserted = CEREMONIES.verify_use(answer, request, passkey)
    assert asserted is not None
    assert (asserted.sign_count, asserted.is_synced, asserted.is_backed_up) == (1, False, False)
    assert answer.user_handle == b"h" * 32
    assert CEREMONIES.verify_use(answer, CHALLENGES.for_request(T0), passkey) is None
    assert CEREMONIES.verify_use(answer, request, make_passkey(ANN, public_key=b"\x00")) is None


def test_a_longer_credential_id_than_the_standard_allows_is_refused() -> None:
    creation = CHALLENGES.for_creation(ANN.id, b"h" * 32, T0)
    options = json.loads(CEREMONIES.creation_options(creation, ANN, []))
    device = Authenticator(ORIGINS[0])
    answer = device.create(options, Forged(id=b"x" * 1024))
    answer["id"] = answer["rawId"] = "eHh4" * 341 + "eA"
    assert CEREMONIES.verify_creation(created(answer), creation) is None
    assert CEREMONIES.verify_creation(created(device.create(options, HONEST)), creation) is not None


def test_the_options_name_existing_passkeys_with_their_transports() -> None:
    existing = make_passkey(ANN, id=uuid4(), credential_id=b"\xff" * 3, transports=("usb", "nfc"))
    options = json.loads(CEREMONIES.creation_options(CHALLENGES.for_creation(ANN.id, b"h" * 32, T0), ANN, [existing]))
    assert options["excludeCredentials"] == [{"type": "public-key", "id": "____", "transports": ["usb", "nfc"]}]
    assert options["rp"] == {"id": "example.com", "name": "Example"}


def test_the_library_is_loaded_with_the_first_credential_only() -> None:
    """Idle memory: it takes 16 MB."""
    script = "import bukhindor.bootstrap.application, sys; print('webauthn' in sys.modules, 'cbor2' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["False", "False"]
