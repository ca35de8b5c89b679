"""All services over fakes, at T0, with one signing key in use."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import BukhindorError
from bukhindor.domain.password import Password, PasswordPolicy
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import SigningKey
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, User
from bukhindor.ports import PasswordVerdict
from bukhindor.services import Services
from bukhindor.services.authentication import Authentication
from bukhindor.services.health import Health
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.profile import Profile
from bukhindor.services.registration import Registration
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.signing_key_ring import SigningKeyRing
from bukhindor.services.token_issuer import TokenIssuer
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin
from tests.fakes.access_tokens import FakeAccessTokens
from tests.fakes.clock import FakeClock
from tests.fakes.identifiers import FakeIdentifiers
from tests.fakes.password_hasher import FakePasswordHasher
from tests.fakes.refresh_tokens import FakeRefreshTokens
from tests.fakes.signing_key_maker import FakeSigningKeyMaker
from tests.fakes.transactions import FakeTransactions
from tests.makers import make_session, make_signing_key, make_user

PASSWORD = Password("correct horse battery")
"""What the users of `make_user` sign in with."""

NEW_PASSWORD = Password("a quite different one")
COMMON_PASSWORD = Password("Password123")

Snapshot = tuple[dict[UUID, User], dict[UUID, Session], dict[str, SigningKey]]
Event = Callable[[], Awaitable[object]]


class SharedTransactions(FakeTransactions):
    """Others get their turn whenever a scope begins, as they would with a store that takes its time."""

    async def check(self) -> None:
        await asyncio.sleep(0)
        await super().check()


class SlowHasher(FakePasswordHasher):
    """Others get their turn while it works; `during_verify` and `during_hash` happen in the midst of the next work."""

    def __init__(self) -> None:
        super().__init__()
        self.during_verify: Event | None = None
        self.during_hash: Event | None = None

    async def hash(self, password: Password) -> str:
        hashed = await super().hash(password)
        event, self.during_hash = self.during_hash, None
        await (event or _nothing)()
        return hashed

    async def verify(self, password: Password, stored: str | None) -> PasswordVerdict:
        verdict = await super().verify(password, stored)
        event, self.during_verify = self.during_verify, None
        await (event or _nothing)()
        return verdict


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.identifiers = FakeIdentifiers()
        self.store = SharedTransactions()
        self.hasher = SlowHasher()
        self.access_tokens = FakeAccessTokens()
        self.refresh_tokens = FakeRefreshTokens()
        self.key_maker = FakeSigningKeyMaker()
        self.policy = SessionPolicy()
        key = make_signing_key("first")
        self.store.committed.keys[key.kid] = key
        self.access_tokens.use([key])
        self.token_issuer = TokenIssuer(self.access_tokens, self.refresh_tokens, self.identifiers, self.policy)
        self.services = self._services(PasswordPolicy(8, {"password123"}))

    def _services(self, passwords: PasswordPolicy) -> Services:
        store, hasher, clock, identifiers, policy = self.store, self.hasher, self.clock, self.identifiers, self.policy
        return Services(
            authentication=Authentication(store, self.access_tokens, policy, clock),
            health=Health(store, self.access_tokens),
            password_change=PasswordChange(store, hasher, passwords, self.token_issuer, identifiers, clock),
            profile=Profile(store, clock),
            registration=Registration(store, hasher, passwords, identifiers, clock),
            sessions=Sessions(store),
            sign_in=SignIn(store, hasher, self.token_issuer, identifiers, clock),
            signing_key_ring=SigningKeyRing(store, self.access_tokens, self.key_maker, policy, clock),
            token_refresh=TokenRefresh(store, self.refresh_tokens, self.token_issuer, policy, clock),
            upkeep=Upkeep(store, policy, clock),
            user_admin=UserAdmin(store, hasher, passwords, identifiers, clock),
        )

    async def add_user(self, email: str | None = None, **parts: Any) -> User:
        """A user in the store; `parts` are fields of User."""
        user = make_user(email, **parts)
        await self.store.users.add(user)
        return user

    async def add_session(self, owner: User, **parts: Any) -> Session:
        """A session in the store; `parts` are fields of Session."""
        session = make_session(owner, **parts)
        await self.store.sessions.add(session)
        return session

    async def add_caller(self, role: Role = Role.USER, **parts: Any) -> Caller:
        """A user with one session, both in the store."""
        user = await self.add_user(role=role, **parts)
        return Caller(user, await self.add_session(user))

    async def sign_in(self, user: User) -> TokenPair:
        return await self.services.sign_in.login(user.email, PASSWORD, Device())

    async def caller_of(self, tokens: TokenPair) -> Caller:
        return await self.services.authentication.authenticate(tokens.access_token)

    async def refresh(self, tokens: TokenPair | str) -> TokenPair:
        token = tokens if isinstance(tokens, str) else tokens.refresh_token
        return await self.services.token_refresh.refresh(token)

    async def refused_refresh(self, tokens: TokenPair | str) -> type[BukhindorError]:
        """How the refresh token is refused; it is checked that none is issued for it."""
        issued = len(self.access_tokens.issued)
        with pytest.raises(BukhindorError) as refusal:
            await self.refresh(tokens)
        assert len(self.access_tokens.issued) == issued
        return refusal.type

    def access_token_of(self, session: Session, user: User) -> str:
        """A token of the session's newest generation, issued now."""
        return self.token_issuer.issue(session, user, self.clock.now()).access_token

    async def user(self, user_id: UUID) -> User:
        """The user as stored now."""
        found = await self.store.users.by_id(user_id)
        assert found is not None
        return found

    async def session(self, session_id: UUID) -> Session:
        """The session as stored now."""
        found = await self.store.sessions.by_id(session_id)
        assert found is not None
        return found

    async def has_session(self, session: Session) -> bool:
        return await self.store.sessions.by_id(session.id) is not None

    def snapshot(self) -> Snapshot:
        """All that is committed, to be compared with later: equal means that nothing was written."""
        users, sessions, keys = self.store.committed
        return dict(users), dict(sessions), dict(keys)


async def _nothing() -> None:
    await asyncio.sleep(0)
