"""What services rely on: the same scenarios over the real adapters and over the fakes that stand in for them."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.domain.password import Password
from bukhindor.domain.session import SessionPolicy
from bukhindor.domain.tokens import AccessClaims
from bukhindor.ports.secrets import PasswordHasher, PasswordVerdict, RefreshTokens
from bukhindor.ports.token_keys import KeyedAccessTokens, SigningKeyMaker
from tests.fakes.access_tokens import FakeAccessTokens
from tests.fakes.password_hasher import FakePasswordHasher
from tests.fakes.refresh_tokens import FakeRefreshTokens
from tests.fakes.signing_key_maker import FakeSigningKeyMaker
from tests.makers import REQUESTER, T0, make_key_ring, make_session, make_user

SECRETS = SecretKeys([b"a secret of at least 32 characters"])
HOUR = timedelta(hours=1)

KeyedTokens = tuple[KeyedAccessTokens, SigningKeyMaker]


@pytest.fixture(params=["real", "fake"])
def hasher(request: pytest.FixtureRequest) -> Iterator[PasswordHasher]:
    if request.param == "fake":
        yield FakePasswordHasher()
        return
    real = PooledPasswordHasher(memory_kib=64, iterations=1, workers=1)
    yield real
    real.close()


@pytest.fixture(params=["real", "fake"])
def keyed(request: pytest.FixtureRequest) -> KeyedTokens:
    if request.param == "fake":
        return FakeAccessTokens(), FakeSigningKeyMaker()
    return SignedAccessTokens(
        "https://accounts.example.com", ["bukhindor"], "bukhindor", SECRETS
    ), Es256SigningKeyMaker(SECRETS)


@pytest.fixture(params=[lambda: DerivedRefreshTokens(SECRETS), FakeRefreshTokens], ids=["real", "fake"])
def refresh_tokens(request: pytest.FixtureRequest) -> RefreshTokens:
    make: Callable[[], RefreshTokens] = request.param
    return make()


def claims(generation: int = 1) -> AccessClaims:
    user = make_user()
    session = make_session(user, generation=generation)
    return AccessClaims.of(session, user, "c2l4dGVlbi1ieXRlcy1pZA", T0, SessionPolicy())


async def test_a_hash_matches_its_password_only(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(Password("correct horse"), REQUESTER)

    assert await hasher.verify(Password("correct horse"), stored, REQUESTER) == PasswordVerdict(matches=True)
    assert await hasher.verify(Password("correct horsf"), stored, REQUESTER) == PasswordVerdict(matches=False)


@pytest.mark.parametrize("stored", [None, "", "!", "correct horse"])
async def test_what_is_no_hash_matches_nothing(hasher: PasswordHasher, stored: str | None) -> None:
    """PW-13."""
    for text in ("correct horse", "", "!", "None"):
        assert await hasher.verify(Password(text), stored, REQUESTER) == PasswordVerdict(matches=False)


def test_an_issued_token_is_read_while_it_lives(keyed: KeyedTokens) -> None:
    tokens, maker = keyed
    tokens.use(make_key_ring(maker.make(T0)))
    said = claims(generation=3)

    token = tokens.issue(said)

    read = tokens.read(token, T0 + timedelta(minutes=14))
    assert read is not None
    assert (read.user_id, read.session_id, read.generation) == (said.user_id, said.session_id, 3)
    assert (read.role, read.token_id) == (said.role, said.token_id)
    assert tokens.read(token, T0 + timedelta(minutes=16)) is None
    assert tokens.read_at_any_age(token) == read


def test_without_a_key_nothing_is_signed_or_known(keyed: KeyedTokens) -> None:
    tokens, maker = keyed
    key = maker.make(T0)
    tokens.use(make_key_ring(key))
    token = tokens.issue(claims())

    tokens.use(make_key_ring())

    assert not tokens.can_sign()
    assert not tokens.knows_key_of(token)
    assert tokens.read(token, T0) is None


def test_a_retired_key_verifies_and_the_newest_signs(keyed: KeyedTokens) -> None:
    """JWT-15."""
    tokens, maker = keyed
    old = maker.make(T0)
    tokens.use(make_key_ring(old))
    before = tokens.issue(claims())
    new = maker.make(T0 + HOUR)

    tokens.use(make_key_ring(new, old.retired(T0 + HOUR), now=T0 + HOUR))
    after = tokens.issue(claims())

    assert tokens.read(before, T0) is not None
    assert tokens.knows_key_of(before)
    tokens.use(make_key_ring(new, now=T0 + HOUR))
    assert tokens.read(after, T0) is not None
    assert tokens.read(before, T0) is None
    tokens.use(make_key_ring(old.retired(T0 + HOUR), now=T0 + HOUR))
    assert not tokens.can_sign()
    assert tokens.read(before, T0) is not None


@pytest.mark.parametrize("text", ["", ".", "access", "a.b.c", "bkr_" + "A" * 70, "eyJhbGciOiJub25lIn0.e30."])
def test_a_text_of_strangers_is_no_access_token(keyed: KeyedTokens, text: str) -> None:
    tokens, maker = keyed
    tokens.use(make_key_ring(maker.make(T0)))

    assert tokens.read(text, T0) is None
    assert tokens.read_at_any_age(text) is None
    assert not tokens.knows_key_of(text)


def test_made_keys_have_names_of_their_own_and_the_time_given(keyed: KeyedTokens) -> None:
    _, maker = keyed

    made = [maker.make(T0), maker.make(T0 + HOUR)]

    assert len({key.kid for key in made}) == 2
    assert [key.created_at for key in made] == [T0, T0 + HOUR]
    assert all(key.retired_at is None and key.public_jwk["kid"] == key.kid for key in made)


def test_a_refresh_token_names_its_session_and_is_the_same_again(refresh_tokens: RefreshTokens) -> None:
    session = make_session(uuid4(), generation=5)
    token = refresh_tokens.derive(session)

    genuine = [ticket for ticket in refresh_tokens.read(token) if refresh_tokens.is_genuine(ticket, session)]

    assert [(ticket.session_id, ticket.generation) for ticket in genuine] == [(session.id, 5)]
    assert refresh_tokens.derive(session) == token
    assert refresh_tokens.derive(replace(session, generation=6)) != token


def test_a_refresh_token_of_another_session_or_seed_is_not_genuine(refresh_tokens: RefreshTokens) -> None:
    session, other = make_session(uuid4()), make_session(uuid4())

    for ticket in refresh_tokens.read(refresh_tokens.derive(other)):
        assert not refresh_tokens.is_genuine(ticket, session)
        assert not refresh_tokens.is_genuine(ticket, replace(other, seed=bytes(32)))


@pytest.mark.parametrize("text", ["", "bkr_", "refresh", "refresh.x.1.00", "a.b.c", "\x00", "é" * 74])
def test_a_text_of_strangers_is_no_refresh_token(refresh_tokens: RefreshTokens, text: str) -> None:
    assert list(refresh_tokens.read(text)) == []
