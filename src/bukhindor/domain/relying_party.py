"""The domain that passkeys are for, and who may use them: the relying party of WebAuthn Level 3, section 4."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """`id` is a host name; a passkey works for it alone, so another id makes every passkey useless.
    `origins` are the pages and apps that may use passkeys: `https://app.example.com`, `android:apk-key-hash:…`.
    """

    id: str
    origins: tuple[str, ...]

    @property
    def related_origins(self) -> tuple[str, ...]:
        """The pages on other domains, which browsers admit only if the relying party lists them (section 5.11)."""
        return tuple(origin for origin in self.origins if origin.startswith("http") and not self.covers(origin))

    def covers(self, origin: str) -> bool:
        """Whether a page of this origin may use the passkeys without further ado: its host is `id`, or below it."""
        host = urlsplit(origin).hostname or ""
        return host == self.id or host.endswith(f".{self.id}")
