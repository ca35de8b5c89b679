"""All services over fakes, at T0, with one signing key in use and nothing in the outbox."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from bukhindor.domain.audit import AuditEvent, AuditType, Retention
from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import BukhindorError
from bukhindor.domain.factor import Factor, TotpCode, step_at
from bukhindor.domain.identity_web_flow import WebFlowAddresses
from bukhindor.domain.mail import LetterKind, MailLinks, QueuedMail
from bukhindor.domain.one_time_token import LinkToken, OneTimeSecret, OneTimeToken, Purpose, TypedCode
from bukhindor.domain.origin import Origin
from bukhindor.domain.password import NewPassword, Password, PasswordPolicy
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.session import Session, SessionPolicy
from bukhindor.domain.signing_key import SigningKeyPolicy
from bukhindor.domain.tokens import TokenPair
from bukhindor.domain.user import Role, User
from bukhindor.domain.ways_in import WaysIn
from bukhindor.ports.secrets import PasswordVerdict, Requester
from bukhindor.services.assembly import Services, assemble
from bukhindor.services.requirements import Outside, Rules
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.passkey_proof import PasskeyProof
from bukhindor.services.steps.token_issuer import TokenIssuer
from tests.fakes.access_tokens import FakeAccessTokens
from tests.fakes.clock import FakeClock
from tests.fakes.device_proofs import FakeDeviceProofs
from tests.fakes.identifiers import FakeIdentifiers
from tests.fakes.identity_provider import APPLE, GOOGLE, FakeIdentityProvider
from tests.fakes.identity_web_flow import FakeWebFlowSeals
from tests.fakes.later_work import FakeLaterWork
from tests.fakes.letter_writer import FakeLetterWriter
from tests.fakes.mailer import FakeMailer
from tests.fakes.mfa_tokens import FakeMfaTokens
from tests.fakes.one_time_secrets import FakeOneTimeSecrets
from tests.fakes.passkey_ceremonies import FakePasskeyCeremonies, FakePasskeyChallenges
from tests.fakes.password_hasher import FakePasswordHasher
from tests.fakes.rate_limiter import FakeRateLimiter
from tests.fakes.recovery_secrets import FakeRecoverySecrets
from tests.fakes.refresh_tokens import FakeRefreshTokens
from tests.fakes.signing_key_maker import FakeSigningKeyMaker
from tests.fakes.totp_codes import FakeTotpCodes
from tests.fakes.transactions import FakeTransactions
from tests.makers import ORIGIN, mail_of, make_factor, make_key_ring, make_session, make_signing_key, make_user

PASSWORD = NewPassword("correct horse battery")
"""What the users of `make_user` sign in with."""

NEW_PASSWORD = NewPassword("a quite different one")
DEVICE = Device()
COMMON_PASSWORD = NewPassword("Password123")
WRONG_PASSWORD = Password("not her password")
NO_RULES = WaysIn()
WEB_FLOW_ADDRESSES = WebFlowAddresses(
    lambda provider: f"https://api.example.com/callback/{provider}", frozenset({"com.example.app:/signed-in"})
)
PASSWORDS = PasswordPolicy(8, {"password123"})

Snapshot = tuple[dict[Any, Any], ...]
Event = Callable[[], Awaitable[object]]


class SharedTransactions(FakeTransactions):
    """Others get their turn whenever a scope begins, as they would with a store that takes its time."""

    async def has_right_schema(self) -> bool:
        await asyncio.sleep(0)
        return await super().has_right_schema()


class SlowHasher(FakePasswordHasher):
    """Others get their turn while it works; `during_verify` and `during_hash` run during the next work."""

    def __init__(self) -> None:
        super().__init__()
        self.during_verify: Event | None = None
        self.during_hash: Event | None = None

    async def hash(self, password: Password, requester: Requester) -> str:
        hashed = await super().hash(password, requester)
        event, self.during_hash = self.during_hash, None
        await (event or _nothing)()
        return hashed

    async def verify(self, password: Password, stored: str | None, requester: Requester) -> PasswordVerdict:
        verdict = await super().verify(password, stored, requester)
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
        self.limiter = FakeRateLimiter()
        self.writer = FakeLetterWriter()
        self.secrets = FakeOneTimeSecrets()
        self.totp = FakeTotpCodes()
        self.recovery = FakeRecoverySecrets()
        self.mfa_tokens = FakeMfaTokens()
        self.mailer = FakeMailer()
        self.later_work = FakeLaterWork()
        self.policy = SessionPolicy()
        key = make_signing_key("first")
        self.store.committed.keys[key.kid] = key
        self.access_tokens.use(make_key_ring(key))
        self.device_proofs = FakeDeviceProofs()
        self.token_issuer = TokenIssuer(
            access_tokens=self.access_tokens,
            refresh_tokens=self.refresh_tokens,
            device_proofs=self.device_proofs,
            identifiers=self.identifiers,
            policy=self.policy,
        )
        self.trail = AuditTrail(identifiers=self.identifiers)
        self.passkey_challenges = FakePasskeyChallenges()
        self.passkey_ceremonies = FakePasskeyCeremonies()
        self.passkey_proof = PasskeyProof(
            transactions=self.store,
            ceremonies=self.passkey_ceremonies,
            challenges=self.passkey_challenges,
            trail=self.trail,
            clock=self.clock,
        )
        self.web_flow_seals = FakeWebFlowSeals()
        self.google, self.apple = FakeIdentityProvider(GOOGLE), FakeIdentityProvider(APPLE)
        self.services = self._services()

    def set_ways_in(self, ways_in: WaysIn) -> None:
        """Begin again, over the same store, with another decision of the operator."""
        self.services = self._services(ways_in=ways_in)

    def _services(self, passwords: PasswordPolicy = PASSWORDS, ways_in: WaysIn = NO_RULES) -> Services:
        outside = Outside(
            transactions=self.store,
            hasher=self.hasher,
            limiter=self.limiter,
            mailer=self.mailer,
            writer=self.writer,
            identifiers=self.identifiers,
            clock=self.clock,
            later_work=self.later_work,
            access_tokens=self.access_tokens,
            refresh_tokens=self.refresh_tokens,
            device_proofs=self.device_proofs,
            secrets=self.secrets,
            totp=self.totp,
            recovery=self.recovery,
            mfa_tokens=self.mfa_tokens,
            key_maker=self.key_maker,
            passkey_challenges=self.passkey_challenges,
            passkey_ceremonies=self.passkey_ceremonies,
            identity_providers={"google": self.google, "apple": self.apple},
            web_flow_seals=self.web_flow_seals,
        )
        rules = Rules(
            policy=self.policy,
            signing_keys=SigningKeyPolicy(self.policy.access_token),
            custom_claims=(),
            password_policy=passwords,
            ways_in=ways_in,
            retention=Retention(),
            links=MailLinks(lambda purpose: f"https://app.example.com/{purpose}"),
            web_flow_addresses=WEB_FLOW_ADDRESSES,
            wrong_codes=WRONG_CODES_PER_ACCOUNT,
        )
        return assemble(outside, rules)

    def assembled(self) -> Services:
        """The services under the policy that the scene has now."""
        return self._services(PasswordPolicy(8, {"password123"}))

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

    async def add_factor(self, owner: User, **parts: Any) -> Factor:
        """A confirmed factor in the store; `parts` are fields of Factor."""
        factor = make_factor(owner, **parts)
        await self.store.factors.put(factor)
        await self.store.users.save(replace(await self.user(owner.id), has_factor=True))
        return factor

    def code_of(self, factor: Factor, later: int = 0) -> TotpCode:
        """The code that an app shows now, or so many steps later."""
        assert factor.secret is not None
        return self.totp.code_at(factor.secret, step_at(self.clock.now()) + later)

    async def add_caller(self, role: Role = Role.USER, **parts: Any) -> Caller:
        """A user with one session, both in the store."""
        user = await self.add_user(role=role, **parts)
        return Caller(user, await self.add_session(user), ORIGIN)

    async def login(
        self,
        email: EmailAddress,
        password: Password = PASSWORD,
        device: Device = DEVICE,
        origin: Origin = ORIGIN,
        device_proof: str = "",
    ) -> TokenPair:
        return await self.services.sign_in.login(email, password, device, origin, device_proof)

    async def sign_in(self, user: User) -> TokenPair:
        return await self.login(user.email)

    async def tokens_of(self, user: User) -> TokenPair:
        """The tokens of a new session, without a sign-in."""
        return self.token_issuer.issue(await self.add_session(user), user, self.clock.now())

    async def caller_again(self, caller: Caller) -> Caller:
        """The caller as their next request finds them."""
        return Caller(await self.user(caller.user.id), await self.session(caller.session.id), caller.origin)

    async def log_out(self, caller: Caller) -> None:
        """Sign out with the refresh token of the caller's session."""
        token = self.refresh_tokens.derive(caller.session)
        await self.services.sign_out.log_out(None, token, caller.origin)

    async def caller_of(self, tokens: TokenPair) -> Caller:
        return await self.services.authentication.authenticate(tokens.access_token, ORIGIN)

    async def refresh(self, tokens: TokenPair | str) -> TokenPair:
        token = tokens if isinstance(tokens, str) else tokens.refresh_token
        return await self.services.token_refresh.refresh(token, ORIGIN)

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
        return tuple(dict(table) for table in self.store.committed)

    def state(self) -> Snapshot:
        """All that is committed but the record of what happened: equal means that nothing was changed."""
        return self.snapshot()[:-1]

    def events(self, type: AuditType | None = None) -> list[AuditEvent]:
        """What was recorded, in the order in which it was."""
        return [event for event in self.store.committed.audit_events.values() if type in (None, event.type)]

    def recorded(self) -> list[AuditType]:
        return [event.type for event in self.events()]

    def queued(self) -> list[QueuedMail]:
        """The mails that wait, in the order in which they were queued."""
        return list(self.store.committed.outbox.values())

    def mails(self) -> list[tuple[LetterKind, str]]:
        """The subjects of the waiting mails, and their recipients."""
        return [(LetterKind(mail.subject.split()[0]), mail.to.value) for mail in map(mail_of, self.queued())]

    async def one_time_token(self, user: User, purpose: Purpose) -> OneTimeToken | None:
        return await self.store.one_time_tokens.of_user(user.id, purpose)

    def newest_secret(self) -> OneTimeSecret:
        """What the last mail that asks for a proof carries."""
        return self.secrets.made[-1]

    def link(self) -> LinkToken:
        """What is sent by opening the last link that was mailed."""
        return LinkToken(self.newest_secret().token)

    def code(self, email: EmailAddress) -> TypedCode:
        """What is sent by typing the last code that was mailed, beside the account's address."""
        return TypedCode(email, self.newest_secret().code)


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """What the services have logged; what earlier tests left running in this process may log beside them."""
    return [record for record in caplog.records if record.name.startswith("bukhindor.services.")]


async def _nothing() -> None:
    await asyncio.sleep(0)
