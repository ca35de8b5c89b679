"""Secrets that count: the first token is `token-0…01`, its code 00000001. Their digests can be read."""

from uuid import UUID

from bukhindor.domain.one_time_token import OneTimeSecret, Purpose


class FakeOneTimeSecrets:
    """`made` holds all secrets and `tokens` those without a code, oldest first."""

    def __init__(self) -> None:
        self.made: list[OneTimeSecret] = []
        self.tokens: list[str] = []

    def make(self) -> OneTimeSecret:
        number = len(self.made) + 1
        secret = OneTimeSecret(f"token-{number:037}", f"{number:08}")
        self.made.append(secret)
        return secret

    def make_token(self) -> str:
        self.tokens.append(f"link-{len(self.tokens) + 1:038}")
        return self.tokens[-1]

    def hash_token(self, token: str) -> bytes:
        return b"hashed:" + token.encode("utf-8", "surrogatepass")

    def hash_code(self, code: str, user_id: UUID, purpose: Purpose) -> bytes:
        return f"hashed:{user_id}:{purpose}:".encode() + code.encode("utf-8", "surrogatepass")
