"""ID tokens with one fault each: every one is refused, and none makes the service ask where it points to (IDP-01)."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import RSAKey

from bukhindor.domain.errors import InvalidIdToken
from tests.adapters.oidc.conftest import Stage
from tests.oidc_provider.keys import SigningKey, ec, encoded, packed, rsa, signed, unpacked
from tests.oidc_provider.provider import ANDROID, DISCOVERY, KEYS, SECRET, OwnProvider, running

STRANGER, ENCRYPTION, WEAK, SECOND = rsa("s1"), rsa("enc1"), rsa("weak1", bits=1024), rsa("k2")


@cache
def other_curve() -> SigningKey:
    return ec("p384", "P-384")


@dataclass
class Forger:
    """Makes tokens for a provider's client; `elsewhere` is another provider, whose keys and address a forger has."""

    own: OwnProvider
    elsewhere: OwnProvider

    @property
    def key(self) -> SigningKey:
        return self.own.keys[0]

    @property
    def now(self) -> int:
        return int(self.own.now().timestamp())

    def right(self, **changes: Any) -> str:
        return self.own.id_token(**changes)

    def with_header(self, key: SigningKey | None = None, **header: Any) -> str:
        return self.own.id_token(key, header)

    def with_shared_secret(self, secret: bytes, algorithm: str = "HS256") -> str:
        covered = f"{encoded({'alg': algorithm, 'kid': 'k1', 'typ': 'JWT'})}.{encoded(self.own.claims())}"
        return f"{covered}.{packed(hmac.digest(secret, covered.encode(), f'sha{algorithm[2:]}'))}"

    def parts(self) -> list[str]:
        return self.right().split(".")

    def public_pem(self) -> bytes:
        pem: bytes = self.key.key.as_pem(private=False)
        return pem

    def aliased(self) -> str:
        """The last letter of the signature has bits that belong to no byte: another letter, the same signature."""
        token = self.right()
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        changed = token[:-1] + letters[letters.index(token[-1]) ^ 1]
        assert unpacked(changed.split(".")[2]) == unpacked(token.split(".")[2])
        return changed

    def nested(self) -> str:
        key = RSAKey.import_key({**self.key.key.as_dict(private=False)})
        return jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A256GCM", "cty": "JWT"}, self.right(), key)


Forge = Callable[[Forger], str]

FORGED: dict[str, Forge] = {
    "alg none without a signature": lambda it: f"{encoded({'alg': 'none'})}.{encoded(it.own.claims())}.",
    "alg none with the old signature": lambda it: f"{encoded({'alg': 'none', 'kid': 'k1'})}.{'.'.join(it.parts()[1:])}",
    "alg in another case": lambda it: it.with_header(alg="rs256"),
    "no alg": lambda it: it.with_header(alg=None),
    "alg is a list": lambda it: it.with_header(alg=["RS256"]),
    "HS256 with the public key": lambda it: it.with_shared_secret(it.public_pem()),
    "HS256 with the client secret": lambda it: it.with_shared_secret(SECRET.encode()),
    "HS512 with the client secret": lambda it: it.with_shared_secret(SECRET.encode(), "HS512"),
    "an algorithm that the provider does not name": lambda it: it.with_header(rsa("k1", "PS256"), alg="PS256"),
    "an algorithm of another kind of key": lambda it: it.with_header(alg="ES256"),
    "another app's audience": lambda it: it.right(aud="stranger.example"),
    "an audience that begins like ours": lambda it: it.right(aud="web.example.org"),
    "no audience": lambda it: it.right(aud=None),
    "an empty list of audiences": lambda it: it.right(aud=[]),
    "several audiences without azp": lambda it: it.right(aud=["web.example", ANDROID], azp=None),
    "an audience that is not ours beside ours": lambda it: it.right(aud=["web.example", "stranger.example"]),
    "another app's azp": lambda it: it.right(azp="stranger.example"),
    "an azp that is a list": lambda it: it.right(azp=["web.example"]),
    "another issuer": lambda it: it.right(iss="https://issuer.example"),
    "an issuer with a slash at the end": lambda it: it.right(iss=f"{it.own.issuer}/"),
    "an issuer in capitals": lambda it: it.right(iss=it.own.issuer.upper()),
    "no issuer": lambda it: it.right(iss=None),
    "another nonce": lambda it: it.right(nonce="another"),
    "no nonce": lambda it: it.right(nonce=None),
    "an empty nonce": lambda it: it.right(nonce=""),
    "a nonce that is a number": lambda it: it.right(nonce=1),
    "expired": lambda it: it.right(exp=it.now - 60),
    "no exp": lambda it: it.right(exp=None),
    "exp is a text": lambda it: it.right(exp="2099-01-01"),
    "exp is true": lambda it: it.right(exp=True),
    "exp is beyond every calendar": lambda it: it.right(exp=10**30),
    "exp is negative": lambda it: it.right(exp=-1),
    "iat in the future": lambda it: it.right(iat=it.now + 62),
    "iat eleven minutes ago": lambda it: it.right(iat=it.now - 660),
    "no iat": lambda it: it.right(iat=None),
    "nbf in the future": lambda it: it.right(nbf=it.now + 62),
    "a kid that no key has": lambda it: it.with_header(STRANGER),
    "a known kid on a stranger's signature": lambda it: it.with_header(STRANGER, kid="k1"),
    "no kid where there are several keys": lambda it: it.with_header(kid=None),
    "an empty kid": lambda it: it.with_header(kid=""),
    "a kid that is a path": lambda it: it.with_header(STRANGER, kid="../../../../dev/null"),
    "a kid that is an object": lambda it: it.with_header(kid={"k1": 1}),
    "a kid of a thousand letters": lambda it: it.with_header(kid="k" * 1000),
    "a token of another provider": lambda it: it.elsewhere.id_token(STRANGER),
    "another provider's key, and our issuer": lambda it: it.own.id_token(it.elsewhere.keys[0]),
    "a signature that is cut": lambda it: it.right()[:-8],
    "no signature": lambda it: ".".join(it.parts()[:2]) + ".",
    "two parts": lambda it: ".".join(it.parts()[:2]),
    "a changed payload": lambda it: ".".join((it.parts()[0], encoded(it.own.claims(sub="other")), it.parts()[2])),
    "jku": lambda it: it.with_header(STRANGER, jku=f"{it.elsewhere.issuer}/keys"),
    "jku on a right signature": lambda it: it.with_header(jku=f"{it.elsewhere.issuer}/keys"),
    "x5u": lambda it: it.with_header(STRANGER, x5u=f"{it.elsewhere.issuer}/keys"),
    "jwk": lambda it: it.with_header(STRANGER, jwk=STRANGER.public),
    "x5c": lambda it: it.with_header(STRANGER, x5c=["MIIB"]),
    "crit": lambda it: it.with_header(crit=["b64"], b64=False),
    "crit with an extension of the forger": lambda it: it.with_header(crit=["x"], x=1),
    "a compressed payload": lambda it: it.with_header(zip="DEF"),
    "encrypted with the public key": lambda it: it.nested(),
    "a token in a token": lambda it: it.key.sign(it.right(), cty="JWT"),
    "no sub": lambda it: it.right(sub=None),
    "an empty sub": lambda it: it.right(sub=""),
    "a sub of 256 letters": lambda it: it.right(sub="s" * 256),
    "a sub that is a number": lambda it: it.right(sub=7),
    "a sub with a NUL": lambda it: it.right(sub="s\0"),
    "a huge token": lambda it: it.right(more="m" * 20_000),
    "a payload that is a list": lambda it: it.key.sign([it.own.claims()]),
    "a payload nested a thousand times": lambda it: ".".join(
        (it.parts()[0], packed(b"[" * 5000 + b"]" * 5000), it.parts()[2])
    ),
    "a header that is no JSON": lambda it: ".".join((packed(b"{"), *it.parts()[1:])),
    "JSON in place of the compact form": lambda it: '{"payload":"' + it.parts()[1] + '","signatures":[]}',
    "white space around": lambda it: f" {it.right()}\n",
    "padding": lambda it: it.right() + "==",
    "another spelling of the signature": lambda it: it.aliased(),
    "an empty text": lambda it: "",
    "garbage": lambda it: "\0\ud800…" * 50,
    "a key of the provider that is for encryption": lambda it: it.with_header(ENCRYPTION),
    "a key of the provider that is too weak": lambda it: it.with_header(WEAK),
    "a key of the provider on another curve": lambda it: signed(
        {"alg": "ES256", "kid": "p384"}, it.own.claims(), other_curve()
    ),
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[OwnProvider]:
    with running("general") as own:
        own.keys = [STRANGER]
        yield own


@pytest.fixture
def forger(stage: Stage, elsewhere: OwnProvider) -> Forger:
    """The provider's set has a second key, and some that are good for nothing."""
    own = stage.own
    own.keys = [own.keys[0], SECOND]
    own.key_set = [
        {**ENCRYPTION.public, "use": "enc"},
        WEAK.public,
        {**other_curve().public, "alg": "ES256"},
        *(key.public for key in own.keys),
    ]
    own.discovery["id_token_signing_alg_values_supported"] = ["RS256", "ES256", "HS256", "none"]
    elsewhere.asked.clear()
    return Forger(own, elsewhere)


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_is_refused(stage: Stage, forger: Forger, forge: Forge) -> None:
    adapter = stage.adapter()
    await adapter.verify(stage.own.id_token(), "n")

    with pytest.raises(InvalidIdToken) as refused:
        await adapter.verify(forge(forger), "n")

    assert str(refused.value) == InvalidIdToken.detail
    assert stage.own.asked == [DISCOVERY, KEYS]
    assert forger.elsewhere.asked == []
    await adapter.verify(stage.own.id_token(), "n")


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_that_comes_first_is_refused_too(stage: Stage, forger: Forger, forge: Forge) -> None:
    with pytest.raises(InvalidIdToken):
        await stage.adapter().verify(forge(forger), "n")
    assert set(stage.own.asked) <= {DISCOVERY, KEYS}
    assert forger.elsewhere.asked == []
