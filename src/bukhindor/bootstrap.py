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
from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.crypto.refresh_tokens import DerivedRefreshTokens
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.crypto.signing_key_maker import Es256SigningKeyMaker
from bukhindor.adapters.sql import schema
from bukhindor.adapters.sql.sqlite import SqliteTransactions
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.adapters.system.identifiers import SystemIdentifiers
from bukhindor.config import Settings, development_secret
from bukhindor.config.database_url import sqlite_file
from bukhindor.domain.password import PasswordPolicy
from bukhindor.domain.session import SessionPolicy
from bukhindor.ports import Clock
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
from bukhindor.web.app import create_app
from bukhindor.web.cors import CorsPolicy
from bukhindor.web.settings import WebSettings

_log = logging.getLogger(__name__)

_AUDIENCE = "bukhindor"
_KEY_RELOAD_SECONDS = 5
_PURGE_SECONDS = 600

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
        create_app(built.services, _web_settings(settings, built.secret_keys), built.clock, built.running),
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
        self._hasher = PooledPasswordHasher(
            settings.hash_memory_kib,
            settings.hash_iterations,
            settings.hash_parallelism,
            settings.hash_workers,
            settings.hash_queue,
        )
        self._transactions = SqliteTransactions(sqlite_file(settings.database_url), owner=owner)
        self.services = self._services(settings)

    def _services(self, settings: Settings) -> Services:
        transactions, hasher, clock, identifiers = self._transactions, self._hasher, self.clock, SystemIdentifiers()
        access_tokens = SignedAccessTokens(settings.public_url, _AUDIENCE, self.secret_keys)
        refresh_tokens = DerivedRefreshTokens(self.secret_keys)
        policy = session_policy(settings)
        password_policy = PasswordPolicy(settings.min_password_length, load_common_passwords())
        issuer = TokenIssuer(access_tokens, refresh_tokens, identifiers, policy)
        key_maker = Es256SigningKeyMaker(self.secret_keys)
        return Services(
            authentication=Authentication(transactions, access_tokens, policy, clock),
            health=Health(transactions, access_tokens),
            password_change=PasswordChange(transactions, hasher, password_policy, issuer, identifiers, clock),
            profile=Profile(transactions, clock),
            registration=Registration(transactions, hasher, password_policy, identifiers, clock),
            sessions=Sessions(transactions),
            sign_in=SignIn(transactions, hasher, issuer, identifiers, clock),
            signing_key_ring=SigningKeyRing(transactions, access_tokens, key_maker, policy, clock),
            token_refresh=TokenRefresh(transactions, refresh_tokens, issuer, policy, clock),
            upkeep=Upkeep(transactions, policy, clock),
            user_admin=UserAdmin(transactions, hasher, password_policy, identifiers, clock),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the first request to the last: keys loaded, upkeep done; the stores close after HTTP has ended."""
        try:
            await self.services.signing_key_ring.load()
            # What has been built stays for good: looking through it again later would stop everybody for 0.1 s.
            gc.collect()
            gc.freeze()
            tasks = [
                asyncio.create_task(_repeat("key reload", _KEY_RELOAD_SECONDS, self.services.signing_key_ring.load)),
                asyncio.create_task(
                    _repeat("session purge", _PURGE_SECONDS, self.services.upkeep.end_sessions_that_are_over)
                ),
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
    )


async def _repeat(name: str, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
    """Do `work` every so often; a failure is logged and the next turn comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            _log.exception("%s failed", name)
