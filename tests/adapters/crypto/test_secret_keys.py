"""Keys for one purpose each, from the server's secrets."""

import hmac

import pytest

from bukhindor.adapters.crypto.secret_keys import SecretKeys

OLD = b"an old secret of thirty-two bytes"
NEW = b"a new secret of thirty-two bytes!"


def test_a_key_has_32_bytes_and_is_the_same_whenever_it_is_derived() -> None:
    key = SecretKeys([NEW]).derive("cursor")

    assert len(key) == 32
    assert key == SecretKeys([NEW, OLD]).derive("cursor")


def test_keys_of_other_purposes_and_secrets_have_nothing_in_common() -> None:
    keys = SecretKeys([NEW, OLD])

    derived = {keys.derive("cursor"), keys.derive("cursor "), *keys.derive_each("proof"), NEW, OLD}

    assert len(derived) == 6


def test_the_first_secret_derives_and_each_has_its_own_key() -> None:
    keys = SecretKeys([NEW, OLD])

    assert keys.derive_each("proof") == (keys.derive("proof"), SecretKeys([OLD]).derive("proof"))


def test_a_derived_key_stays_what_it_was_in_earlier_releases() -> None:
    """RFC 5869 by hand, for one block of output and no salt."""
    extracted = hmac.digest(bytes(32), NEW, "sha256")
    expanded = hmac.digest(extracted, b"bukhindor/cursor" + b"\x01", "sha256")

    assert SecretKeys([NEW]).derive("cursor") == expanded


@pytest.mark.parametrize("secrets", [[], [b""], [b"your-secret-key"], [b"x" * 31], [NEW, b"x" * 31]])
def test_a_missing_or_short_secret_is_refused_without_printing_it(secrets: list[bytes]) -> None:
    """JWT-06."""
    with pytest.raises(ValueError, match="at least 32 bytes") as refused:
        SecretKeys(secrets)

    assert not any(secret.decode() in str(refused.value) for secret in secrets if secret)


def test_secrets_are_not_printed() -> None:
    keys = SecretKeys([NEW, OLD])

    assert repr(keys) == str(keys) == "SecretKeys(2 secrets)"
