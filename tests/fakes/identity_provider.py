"""A provider without cryptography: an ID token is the name of claims that a test has put there."""

from dataclasses import dataclass, replace
from hashlib import sha256
from urllib.parse import urlencode

from bukhindor.domain.errors import InvalidAuthorizationCode, InvalidIdToken, ProviderUnavailable
from bukhindor.domain.identity import IdentityClaims, ProviderGrant, ProviderSettings
from bukhindor.domain.provider_notice import ProviderNotice
from bukhindor.ports.identity_provider import Redeemed

GOOGLE = ProviderSettings(
    name="google", label="Google", issuer="https://accounts.google.com", client_ids=("web-client", "ios-client")
)
APPLE = ProviderSettings(
    name="apple", label="Apple", issuer="https://appleid.apple.com", client_ids=("com.example.app",)
)


@dataclass(frozen=True, slots=True)
class Redemption:
    """How a code was exchanged."""

    redirect_uri: str | None
    code_verifier: str | None
    client_id: str | None


class FakeIdentityProvider:
    """`tokens` are claims and the nonce by ID token, `codes` what a code is exchanged for, `redemptions` how that was
    asked, `revoked` what was revoked, `notices` what the provider reports, by its text. `asked` counts the questions.
    With `is_away` it answers none.
    """

    def __init__(self, settings: ProviderSettings = GOOGLE) -> None:
        self._settings = settings
        self.tokens: dict[str, tuple[IdentityClaims, str]] = {}
        self.codes: dict[str, Redeemed] = {}
        self.redemptions: list[Redemption] = []
        self.notices: dict[str, ProviderNotice] = {}
        self.revoked: list[ProviderGrant] = []
        self.is_away = False
        self.names_issuer = False
        self.asked = 0

    @property
    def settings(self) -> ProviderSettings:
        return self._settings

    def issue(self, claims: IdentityClaims, nonce: str = "nonce") -> str:
        """An ID token that says this."""
        id_token = f"id-token-{len(self.tokens) + 1}-of-{self._settings.name}"
        claims = replace(claims, provider=self._settings.name, issuer=self._settings.issuer)
        self.tokens[id_token] = replace(claims, token_hash=sha256(id_token.encode()).digest()), nonce
        return id_token

    async def verify(self, id_token: str, nonce: str) -> IdentityClaims:
        self._answer()
        claims, wanted = self.tokens.get(id_token, (None, ""))
        if claims is None or nonce != wanted:
            raise InvalidIdToken("no such token")
        return claims

    async def read_notice(self, payload: str) -> ProviderNotice:
        self._answer()
        if payload not in self.notices:
            raise InvalidIdToken("no such notice")
        return self.notices[payload]

    async def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, code_challenge: str) -> str:
        self._answer()
        asked = {"state": state, "nonce": nonce, "redirect_uri": redirect_uri, "code_challenge": code_challenge}
        return f"{self._settings.issuer}/authorize?{urlencode(asked)}"

    async def redeem(
        self, code: str, *, redirect_uri: str | None, code_verifier: str | None, client_id: str | None = None
    ) -> Redeemed:
        self._answer()
        self.redemptions.append(Redemption(redirect_uri, code_verifier, client_id))
        redeemed = self.codes.pop(code, None)
        if redeemed is None:
            raise InvalidAuthorizationCode
        said, _ = self.tokens.get(redeemed.id_token, (None, ""))
        return redeemed if said is None else replace(redeemed, subject=said.subject)

    async def revoke(self, grant: ProviderGrant) -> None:
        self._answer()
        self.revoked.append(grant)

    async def requires_issuer(self) -> bool:
        self._answer()
        return self.names_issuer

    def _answer(self) -> None:
        self.asked += 1
        if self.is_away:
            raise ProviderUnavailable(reason="away")
