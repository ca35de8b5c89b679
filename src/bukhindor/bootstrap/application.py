"""The running service, and the services for one command, built from settings."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, fields
from datetime import timedelta

from bukhindor.adapters.crypto.password_hasher import PooledPasswordHasher
from bukhindor.adapters.crypto.seal import SecretSeal
from bukhindor.adapters.crypto.secret_keys import SecretKeys
from bukhindor.adapters.sql.mailbox import DatabaseMailbox
from bukhindor.adapters.sql.unusable import DatabaseUnusable, SchemaError
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.adapters.system.log_context import LoggedCauses
from bukhindor.bootstrap.background import MAILBOX_PURGE, PURGE_SECONDS, background_tasks
from bukhindor.bootstrap.limits import ConfiguredLimiter, limiter_of_this_process, open_shared_limiter
from bukhindor.bootstrap.mails import message_writer, open_letters, open_mailer
from bukhindor.bootstrap.observability import open_watch
from bukhindor.bootstrap.store import open_store, prepare_schema, require_hope, require_schema, schema_problem
from bukhindor.bootstrap.use_cases import build_services, session_policy
from bukhindor.bootstrap.watch import Watch
from bukhindor.config import DevMailbox, Settings, development_secret
from bukhindor.domain.errors import StoreUnavailable, Unavailable
from bukhindor.ports.system import Clock
from bukhindor.services.assembly import Services
from bukhindor.web.app import ServerRefusals, create_app
from bukhindor.web.edge.answered_hosts import AnsweredHosts, read_host
from bukhindor.web.edge.cors import CorsPolicy
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.collaborators import Collaborators

_log = logging.getLogger(__name__)

_MAILBOX_LIFE = timedelta(days=7)

AsgiApplication = Callable[..., Awaitable[None]]


@dataclass(frozen=True)
class Application:
    """A service that has opened its store. `running` starts and ends the rest, around the requests to `web`.

    `refuse` makes the refusals of the server look like those of `web`. `is_hindered` says whether the database kept it
    from its work at the start, which the log explains.
    """

    services: Services
    web: AsgiApplication
    running: Callable[[], AbstractAsyncContextManager[None]]
    refuse: Callable[[int, str, str], AsgiApplication]
    is_hindered: Callable[[], bool]


def create_application(
    settings: Settings, clock: Clock | None = None, *, exposes_metrics: bool = True, replaces: bool = False
) -> Application:
    """Open the store, bring its schema up to date where that is asked for, and build everything on it.

    `clock` takes the place of the system's. Without `exposes_metrics` another process answers at METRICS_PORT.
    With `replaces` another process serves until this one does: if this program could not work on the schema, the
    returned application fails to run, with SchemaError.

    Raises SchemaError, DatabaseInUse, DatabaseUnusable, CannotExpose, ConfigurationError.
    """
    watch = open_watch(settings, exposes=exposes_metrics)
    # The owner's lock comes first: a newer program must not migrate under a running server.
    built = _Built(settings, clock or SystemClock(), watch, owner=True, replaces=replaces)
    try:
        prepare_schema(settings)
        watch.listen()
    except BaseException:
        built.drop()
        raise
    web_settings = _web_settings(settings, built.secret_keys, built.services)
    return Application(
        built.services,
        create_app(
            Collaborators(getattr(built.services, field.name) for field in fields(built.services)),
            web_settings,
            built.limiter,
            built.clock,
            mailbox=built.mailbox if settings.mail.has_dev_mailbox else None,
            watchers=watch.watchers,
        ),
        built.running,
        ServerRefusals(web_settings, watch.watchers),
        lambda: built.is_hindered,
    )


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """The services for one command, beside servers that may be running.

    Raises SchemaError, DatabaseUnusable, ConfigurationError.
    """
    await asyncio.to_thread(require_schema, settings)
    built = _Built(settings, SystemClock(), Watch(), owner=False)
    async with AsyncExitStack() as resources:
        resources.push_async_callback(built.close)
        yield built.services


class _Built:
    """Every object of the service, built once, from the outside in."""

    def __init__(self, settings: Settings, clock: Clock, watch: Watch, *, owner: bool, replaces: bool = False) -> None:
        self.clock = clock
        self._replaces = replaces
        self._watch = watch
        self._settings = settings
        self.is_hindered = False
        writer = open_letters(settings, tried=owner)
        self.secret_keys = SecretKeys(settings.accounts.jwt_secrets or (development_secret(settings.store.data_dir),))
        self._shared_limiter = open_shared_limiter(
            settings, self.secret_keys, watch.limit_uncounted, watch.redis_tracer(settings.limiting.redis)
        )
        counting = watch.limiter(self._shared_limiter or limiter_of_this_process(settings))
        self.limiter = ConfiguredLimiter(counting, settings.limiting.limits)
        self._hasher = PooledPasswordHasher(
            settings.accounts.hash_memory_kib,
            settings.accounts.hash_iterations,
            settings.accounts.hash_parallelism,
            settings.accounts.hash_workers,
            settings.accounts.hash_queue,
        )
        self._store = open_store(
            settings,
            SecretSeal(self.secret_keys),
            owner=owner,
            on_wait=watch.database_waited,
            on_error=watch.database_failed,
        )
        transactions = watch.transactions(self._store, settings.store.database)
        # Without the mailbox the mails of an earlier start are removed: their tokens may still work.
        life = _MAILBOX_LIFE if settings.mail.has_dev_mailbox else timedelta()
        self.mailbox = DatabaseMailbox(
            transactions, clock, message_writer(settings.mail.sender, settings.mail.reply_to), life
        )
        if settings.mail.has_dev_mailbox:
            mailer = watch.mailer(self.mailbox, None)
        else:
            mailer = watch.mailer(open_mailer(settings), settings.mail.server)
        self.services = build_services(
            settings,
            transactions,
            watch.hasher(self._hasher),
            self.limiter,
            mailer,
            writer,
            watch.later_work(LoggedCauses()),
            self.secret_keys,
            clock,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the first request to the last: keys loaded, background tasks running; the stores close after HTTP has
        ended.
        """
        services = self.services
        try:
            if self._replaces:
                await self._require_schema()
            if self._shared_limiter is not None:
                await self._shared_limiter.open()
            self.is_hindered = not await self._can_work()
            if not self.is_hindered:
                await self._load_keys()
            works = [*self._watch.works(services, self._store, self._hasher)]
            works.append((MAILBOX_PURGE, PURGE_SECONDS, self.mailbox.purge))
            async with background_tasks(services, *works, on_failure=self._watch.background_failed):
                yield
        finally:
            await self.close()

    async def close(self) -> None:
        try:
            self._hasher.close()
            if self._shared_limiter is not None:
                await self._shared_limiter.close()
            await self._store.close()
        finally:
            await asyncio.to_thread(self._watch.close)

    def drop(self) -> None:
        """Release everything when nothing was started."""
        self._hasher.close()
        self._store.drop()
        self._watch.close()

    async def _require_schema(self) -> None:
        """A process that could never be ready must not replace one that is; a database that is away will come back.

        Raises SchemaError.
        """
        with suppress(Unavailable):
            if not await self._store.has_right_schema():
                raise SchemaError("The database has another schema than this program needs: migrate it first.")

    async def _can_work(self) -> bool:
        """Whether the database can be used. If not, the log says why; the service starts all the same, is not ready,
        and goes on by itself.

        Raises DatabaseUnusable for a database that can never be used.
        """
        try:
            if await self._store.has_right_schema():
                return True
            problem = await asyncio.to_thread(schema_problem, self._settings)
        except DatabaseUnusable as unusable:
            problem = str(unusable)
        except StoreUnavailable as unavailable:
            # The store has logged it.
            require_hope(self._settings, unavailable)
            return False
        _log.error("not ready: %s", problem)
        return False

    async def _load_keys(self) -> None:
        try:
            await self.services.signing_key_ring.load()
        except Unavailable as unavailable:
            _log.warning("started without signing keys, they are loaded when the database answers: %s", unavailable)


def _web_settings(settings: Settings, secret_keys: SecretKeys, services: Services) -> WebSettings:
    origins = settings.server.cors_allowed_origins
    return WebSettings(
        public_url=str(settings.server.public_url),
        cors=CorsPolicy(
            frozenset(map(str, origins.named)),
            origins.any_local_port,
            frozenset(map(str, origins.sites)),
            settings.server.cors_allowed_headers,
        ),
        session_policy=session_policy(settings),
        cursor_key=secret_keys.derive("list cursor"),
        form_key=secret_keys.derive("form token"),
        trusted_proxies=settings.server.trusted_proxies,
        require_client_headers=settings.server.require_client_headers,
        app_url=str(settings.mail.app_url or ""),
        request_timeout=settings.server.request_timeout.total_seconds(),
        mailbox_hosts=_mailbox_hosts(settings),
        is_development=not settings.is_production,
        has_mailbox=settings.mail.has_dev_mailbox,
        has_docs=settings.server.docs,
        check_password=services.registration.password_policy.check_alone,
        product=settings.product,
        client_apps=settings.apps.client_apps,
        relying_party=settings.apps.relying_party,
        identity_providers=tuple((each.name, each.label) for each in settings.identities.providers),
        token_audiences=settings.tokens.audiences,
        token_client_id=settings.tokens.client_id,
        custom_claims=tuple(claim.name for claim in settings.tokens.claims),
    )


def _mailbox_hosts(settings: Settings) -> AnsweredHosts:
    """The host names of the development mailbox; over a network also all of the machine's addresses."""
    places = [f"[{host}]" if ":" in host else host for host in settings.server.hosts if not host.startswith("unix:")]
    named = map(read_host, (*places, settings.server.public_url.host))
    return AnsweredHosts(frozenset(filter(None, named)), any_address=settings.mail.dev_mailbox is DevMailbox.NETWORK)
