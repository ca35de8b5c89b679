"""Device proofs: what is one, and for which account"""

from base64 import urlsafe_b64decode
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.adapters.crypto.device_proofs import SignedDeviceProofs
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.ports.secrets import DeviceProofs
from tests.fakes.device_proofs import FakeDeviceProofs
from tests.makers import T0

OLD, NEW = b"an older secret of 32 characters", b"a newer secret of 32 characters."
ANN, BEA = uuid4(), uuid4()
PHONE, LAPTOP = uuid4(), uuid4()
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)
REAL = SignedDeviceProofs(SecretKeys([OLD]))


@pytest.fixture(params=["real", "fake"])
def proofs(request: pytest.FixtureRequest) -> DeviceProofs:
    return FakeDeviceProofs() if request.param == "fake" else REAL


def test_a_proof_is_good_for_its_account_and_a_year(proofs: DeviceProofs) -> None:
    """LGN-04."""
    proof = proofs.issue(ANN, PHONE, T0)
    assert proofs.device_of(proof, ANN, T0)
    assert proofs.device_of(proof, ANN, T0 + YEAR - SECOND)
    assert not proofs.device_of(proof, ANN, T0 + YEAR + SECOND)
    assert not proofs.device_of(proof, BEA, T0)


def test_proofs_of_one_device_name_it_alike_and_another_otherwise(proofs: DeviceProofs) -> None:
    """LGN-04: each device of an account has a budget of its own, however often its proof is renewed."""
    first, renewed = proofs.issue(ANN, PHONE, T0), proofs.issue(ANN, PHONE, T0 + SECOND)
    other = proofs.issue(ANN, LAPTOP, T0)
    assert first != renewed
    assert proofs.device_of(first, ANN, T0 + SECOND) == proofs.device_of(renewed, ANN, T0 + SECOND) is not None
    assert proofs.device_of(other, ANN, T0) not in (None, proofs.device_of(first, ANN, T0))


@pytest.mark.parametrize("text", ["", "bkd_", "bkd_" + "A" * 48, "bkr_" + "A" * 48, "x" * 10_000, "bkd_\ud800", "\x00"])
def test_any_other_text_is_none(proofs: DeviceProofs, text: str) -> None:
    assert not proofs.device_of(text, ANN, T0)


def test_a_proof_with_any_character_changed_is_none() -> None:
    proof = REAL.issue(ANN, PHONE, T0)
    for place in range(len(proof)):
        changed = proof[:place] + ("A" if proof[place] != "A" else "B") + proof[place + 1 :]
        assert not REAL.device_of(changed, ANN, T0)
    assert not REAL.device_of(proof + "A", ANN, T0)


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    """ERR-02."""
    assert not REAL.device_of(text, ANN, T0)


def test_a_proof_from_before_a_new_secret_stays_good_while_the_old_one_is_listed() -> None:
    """JWT-15."""
    proof = REAL.issue(ANN, PHONE, T0)
    assert SignedDeviceProofs(SecretKeys([NEW, OLD])).device_of(proof, ANN, T0)
    assert not SignedDeviceProofs(SecretKeys([NEW])).device_of(proof, ANN, T0)


def test_a_proof_tells_when_it_was_issued_and_nothing_of_account_and_session() -> None:
    content = urlsafe_b64decode(REAL.issue(ANN, PHONE, T0).removeprefix("bkd_"))
    assert int.from_bytes(content[:8]) == int(T0.timestamp())
    assert ANN.bytes not in content
    assert PHONE.bytes[:8] not in content
