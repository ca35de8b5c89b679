"""The composition root: settings in, services and web application out. The only file that knows every class."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from bukhindor.adapters.crypto.access_tokens import SignedAccessTokens
from bukhindor.adapters.crypto.common_passwords import load_common_passwords
from bukhindor.adapters.crypto.one_time_secrets import DerivedOneTimeSecrets
from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.adapters.memory.mailbox import DevelopmentMailbox
from bukhindor.adapters.memory.no_rate_limiter import Unlimited
from bukhindor.adapters.memory.rate_limiter import MemoryRateLimiter
from bukhindor.adapters.smtp.letters import TemplateLetters
from bukhindor.adapters.smtp.mailer import SmtpMailer
from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite import SqliteTransactions
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.adapters.system.identifiers import SystemIdentifiers
from bukhindor.config import Settings, development_secret
from bukhindor.config.database_url import sqlite_file
from bukhindor.domain.audit import Retention
from bukhindor.domain.mail import MailLinks
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Clock, RateLimiter
from bukhindor.services import Services
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.health import Health
from bukhindor.services.mail_delivery import MailDelivery
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.password_reset import PasswordReset
from bukhindor.services.profile import Profile
from bukhindor.services.registration import Registration
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.signing_key_ring import SigningKeyRing
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.own_password import OwnPassword
from bukhindor.services.steps.token_issuer import TokenIssuer
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin
from bukhindor.web.app import create_app
from bukhindor.web.cors import CorsPolicy
from bukhindor.web.settings import WebSettings

_log = logging.getLogger(__name__)

_AUDIENCE = "bukhindor"
_KEY_RELOAD_SECONDS = 5
_PURGE_SECONDS = 600
_MAIL_SECONDS = 0.5

AsgiApplication = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Application:
    """A service that has opened its store. `web` starts and ends the rest with its lifespan."""

    services: Services
    web: AsgiApplication


def create_application(settings: Settings, clock: Clock | None = None) -> Application:
    """Bring the schema up to date, open the store as its one owner, and build everything on it.

    `clock` takes the place of the system's. Raises SchemaError, DatabaseInUse.
    """
    # The owner's lock comes first: a newer program must not migrate under a server that runs.
    built = _Built(settings, clock or SystemClock(), owner=True)
    _upgrade_schema(settings.database_url)
    return Application(
        built.services,
        create_app(
            built.services,
            _web_settings(settings, built.secret_keys),
            built.limiter,
            built.clock,
            mailbox=built.mailbox,
            lifespan=built.running,
        ),
    )


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """The services for one command, beside a server that may be running. Raises SchemaError."""
    schema.upgrade(settings.database_url)
    built = _Built(settings, SystemClock(), owner=False)
    async with AsyncExitStack() as resources:
        resources.push_async_callback(built.close)
        yield built.services


def _upgrade_schema(url: str) -> None:
    """Migrate in another process: Alembic takes 9 MB, which this one would keep for nothing."""
    if schema.status(url).pending:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as aside:
            aside.submit(schema.upgrade, url).result()


class _Built:
    """Every object there is, built once, from the outside in."""

    def __init__(self, settings: Settings, clock: Clock, *, owner: bool) -> None:
        self.clock = clock
        self.secret_keys = SecretKeys(settings.jwt_secrets or (development_secret(settings.data_dir),))
        self.limiter: RateLimiter = MemoryRateLimiter() if settings.rate_limits else Unlimited()
        self.mailbox = DevelopmentMailbox(clock) if not settings.is_production and not settings.smtp_url else None
        self._hasher = PooledPasswordHasher(
            settings.hash_memory_kib,
            settings.hash_iterations,
            settings.hash_parallelism,
            settings.hash_workers,
            settings.hash_queue,
        )
        path, seal = sqlite_file(settings.database_url), SecretSeal(self.secret_keys)
        self._transactions = SqliteTransactions(path, owner=owner, seal=seal)
        self.services = self._services(settings)

    def _services(self, settings: Settings) -> Services:
        transactions, hasher, clock, limiter = self._transactions, self._hasher, self.clock, self.limiter
        identifiers = SystemIdentifiers()
        access_tokens = SignedAccessTokens(settings.public_url, _AUDIENCE, self.secret_keys)
        refresh_tokens = DerivedRefreshTokens(self.secret_keys)
        one_time_secrets = DerivedOneTimeSecrets(self.secret_keys)
        policy = session_policy(settings)
        passwords = PasswordPolicy(settings.min_password_length, load_common_passwords())
        issuer = TokenIssuer(access_tokens, refresh_tokens, identifiers, policy)
        key_maker = Es256SigningKeyMaker(self.secret_keys)
        trail = AuditTrail(identifiers)
        letters = Letters(TemplateLetters("Bukhindor"), one_time_secrets, identifiers, mail_links(settings))
        proofs = MailboxProofs(transactions, one_time_secrets, trail)
        own_password = OwnPassword(hasher, limiter)
        removal = AccountRemoval(letters, trail)
        mailer = self.mailbox or SmtpMailer(settings.smtp_url, settings.mail_from)
        return Services(
            audit_log=AuditLog(transactions, trail, limiter, clock),
            authentication=Authentication(transactions, access_tokens, policy, clock),
            email_change=EmailChange(transactions, own_password, proofs, letters, trail, limiter, clock),
            email_verification=EmailVerification(transactions, hasher, proofs, letters, trail, limiter, clock),
            health=Health(transactions, access_tokens),
            mail_delivery=MailDelivery(transactions, mailer, trail, clock),
            own_account=OwnAccount(transactions, own_password, removal, trail, clock),
            password_change=PasswordChange(
                transactions, hasher, passwords, issuer, own_password, letters, trail, identifiers, clock
            ),
            password_reset=PasswordReset(transactions, hasher, passwords, proofs, letters, trail, limiter, clock),
            profile=Profile(transactions, trail, clock),
            registration=Registration(transactions, hasher, passwords, letters, trail, identifiers, clock),
            sessions=Sessions(transactions, trail, clock),
            sign_in=SignIn(transactions, hasher, issuer, letters, trail, limiter, identifiers, clock),
            signing_key_ring=SigningKeyRing(transactions, access_tokens, key_maker, policy, clock),
            token_refresh=TokenRefresh(transactions, refresh_tokens, issuer, trail, policy, clock),
            upkeep=Upkeep(transactions, policy, Retention(settings.audit_retention), clock),
            user_admin=UserAdmin(transactions, hasher, passwords, letters, removal, trail, identifiers, clock),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the first request to the last: keys loaded, upkeep done; the stores close after HTTP has ended."""
        services = self.services
        try:
            await services.signing_key_ring.load()
            # What has been built stays for good: looking through it again later would stop everybody for 0.1 s.
            gc.collect()
            gc.freeze()
            tasks = [
                asyncio.create_task(_repeat("key reload", _KEY_RELOAD_SECONDS, services.signing_key_ring.load)),
                asyncio.create_task(_repeat("purge", _PURGE_SECONDS, services.upkeep.purge)),
                asyncio.create_task(_repeat("mail delivery", _MAIL_SECONDS, services.mail_delivery.deliver_due)),
            ]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await self.close()

    async def close(self) -> None:
        self._hasher.close()
        await self._transactions.close()


def mail_links(settings: Settings) -> MailLinks:
    """Mailed links lead into the app where it is a web page; other addresses no mail program opens."""
    if settings.app_url.startswith(("http://", "https://")):
        return MailLinks(settings.app_url)
    return MailLinks(f"{settings.public_url}/account")


def session_policy(settings: Settings) -> SessionPolicy:
    return SessionPolicy(
        access_token=settings.jwt_expiration,
        idle=settings.refresh_token_expiration,
        absolute=settings.session_expiration,
        admin_absolute=settings.admin_session_expiration,
    )


def _web_settings(settings: Settings, secret_keys: SecretKeys) -> WebSettings:
    origins = settings.cors_allowed_origins
    return WebSettings(
        public_url=settings.public_url,
        cors=CorsPolicy(origins.named, origins.any_local_port),
        session_policy=session_policy(settings),
        cursor_key=secret_keys.derive("list cursor"),
        trusted_proxies=settings.trusted_proxies,
        require_client_headers=settings.require_client_headers,
        app_url=settings.app_url,
    )


async def _repeat(name: str, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    """Do `work` every so often; a failure is logged and the next turn comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            _log.exception("%s failed", name)
