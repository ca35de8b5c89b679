"""The signing keys, and the secret that opens them."""

from collections.abc import Sequence
from dataclasses import dataclass

from bukhindor.adapters.crypto.private_key_seal import PrivateKeySeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.cli.findings import Finding, State, ok
from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.data_folder import made_secret
from bukhindor.domain.signing_key import KeyRing, SigningKey
from bukhindor.domain.user import User


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of a database that this program can read; `users` are those that the settings name."""

    keys: Sequence[SigningKey]
    waiting_mails: int
    failed_mails: int
    users: Sequence[User] = ()


def signing_keys(settings: Settings, keys: Sequence[SigningKey]) -> Finding:
    """Whether one of the keys can sign with the present secret."""
    current = KeyRing.at(SystemClock().now(), keys, settings.accounts.jwt_expiration).signing
    if not current:
        return ok("signing keys", "there is none yet; the next start creates one")
    advice = "Put the earlier secret behind the present one in JWT_SECRET, or all users have to sign in again"
    try:
        made = None if settings.accounts.jwt_secrets else made_secret(settings.store.data_dir)
    except (ConfigurationError, OSError) as error:
        return Finding("signing keys", State.PROBLEM, str(error), "Without the secret no user's token can be read")
    secrets = settings.accounts.jwt_secrets or (() if made is None else (made,))
    if not secrets:
        return Finding("signing keys", State.PROBLEM, "the secret that seals them is missing", advice)
    seal = PrivateKeySeal(SecretKeys(secrets))
    if not any(seal.unseal(key.sealed_private_key, key.kid) for key in current):
        return Finding("signing keys", State.PROBLEM, "JWT_SECRET opens none of them", advice)
    return ok("signing keys", f"{len(keys)} kept, one of them signs")
