"""Recovery codes: the real ones, and what both they and the fake promise."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from bukhindor.adapters.crypto.recovery_secrets import DerivedRecoverySecrets
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.ports.factors import RecoverySecrets
from tests.fakes.recovery_secrets import FakeRecoverySecrets

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"
ANN, BOB = uuid4(), uuid4()


def real(*secrets: bytes) -> RecoverySecrets:
    return DerivedRecoverySecrets(SecretKeys(secrets or [NEW]))


@pytest.fixture(params=[real, FakeRecoverySecrets], ids=["real", "fake"])
def secrets(request: pytest.FixtureRequest) -> RecoverySecrets:
    make: Callable[[], RecoverySecrets] = request.param
    return make()


def test_a_set_has_ten_different_codes_that_can_be_typed_back(secrets: RecoverySecrets) -> None:
    made = secrets.make()
    assert len(made) == len(set(made)) == 10
    assert [RecoveryCode.parse(code.shown) for code in made] == made
    assert not set(made) & set(secrets.make())


def test_digests_belong_to_one_code_of_one_account(secrets: RecoverySecrets) -> None:
    one, other, *_ = secrets.make()
    digest = secrets.digests(one, ANN)[0]
    assert digest == secrets.digests(one, ANN)[0]
    assert digest not in secrets.digests(other, ANN)
    assert digest not in secrets.digests(one, BOB)


def test_codes_are_random() -> None:
    seen = {character for _ in range(100) for code in real().make() for character in code}
    assert seen == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_a_digest_depends_on_the_secret_of_the_server_and_older_ones_are_known() -> None:
    code = RecoveryCode("0123456789")
    assert real(NEW).digests(code, ANN) != real(OLD).digests(code, ANN)
    assert real(NEW, OLD).digests(code, ANN) == [*real(NEW).digests(code, ANN), *real(OLD).digests(code, ANN)]
    assert code.encode() not in real().digests(code, ANN)[0]
