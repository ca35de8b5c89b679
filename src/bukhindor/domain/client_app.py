"""The team's own apps on iOS and Android: those that open its links and share its passkeys."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AndroidApp:
    """`fingerprints` are the SHA-256 hashes of the certificates that sign the app: 32 bytes each, `AB:CD:…`."""

    package: str
    fingerprints: tuple[str, ...]

    @property
    def origins(self) -> tuple[str, ...]:
        """What Android names as the origin when the app uses a passkey: the same hashes in base64url."""
        return tuple(f"android:apk-key-hash:{_base64url(fingerprint)}" for fingerprint in self.fingerprints)

    def __str__(self) -> str:
        return f"{self.package}={','.join(self.fingerprints)}"


@dataclass(frozen=True, slots=True)
class ClientApps:
    """`ios` are application identifiers: `TEAMID.bundle`."""

    ios: tuple[str, ...] = ()
    android: tuple[AndroidApp, ...] = ()


def _base64url(fingerprint: str) -> str:
    return urlsafe_b64encode(bytes.fromhex(fingerprint.replace(":", ""))).rstrip(b"=").decode()
