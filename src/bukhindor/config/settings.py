"""Settings: every choice of the operator, read once, refused when it is malformed or unsafe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

from bukhindor.config.accounts import AccountSettings
from bukhindor.config.apps import AppSettings
from bukhindor.config.errors import ConfigurationError
from bukhindor.config.identity_providers import IdentityProviderSettings
from bukhindor.config.limits import LimitSettings
from bukhindor.config.mail import DevMailbox, MailSettings
from bukhindor.config.monitoring import MonitoringSettings
from bukhindor.config.product import read_product
from bukhindor.config.production import refuse_unsafe
from bukhindor.config.server import ServerSettings
from bukhindor.config.sources import Origin, Sources, Variable, read_env_file
from bukhindor.config.store import StoreSettings
from bukhindor.config.tokens import TokenSettings
from bukhindor.config.unknown_variables import UnknownVariable, unknown_variables
from bukhindor.config.values import choice
from bukhindor.config.ways_in import EmailVerificationMode, WaysInSettings
from bukhindor.domain.product import Product


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """All settings by subject, as parsed values. A field has the name of its variable where that is clear enough.

    `variables` are all of them as texts, secrets masked; `unknown_variables` are those without an effect.
    """

    environment: Environment
    server: ServerSettings
    store: StoreSettings
    accounts: AccountSettings
    ways_in: WaysInSettings
    identities: IdentityProviderSettings
    tokens: TokenSettings
    limiting: LimitSettings
    product: Product
    mail: MailSettings
    apps: AppSettings
    monitoring: MonitoringSettings
    variables: tuple[Variable, ...] = field(compare=False)
    unknown_variables: tuple[UnknownVariable, ...] = field(compare=False)

    @classmethod
    def read(cls, environ: Mapping[str, str], env_file: Path | None, mount_table: Path = Path("/proc/mounts")) -> Self:
        """Read the process environment and, unless it names production, the `.env` file; the environment takes
        precedence.

        Raises ConfigurationError with every problem, not only the first.
        """
        is_deployed = environ.get("ENVIRONMENT", "").strip().lower() == Environment.PRODUCTION
        sources = Sources(environ, {} if env_file is None or is_deployed else read_env_file(env_file))
        settings = cls._read_all(sources)
        settings._refuse_contradictions(sources)
        if settings.is_production:
            refuse_unsafe(settings.server, settings.store, settings.limiting, settings.mail, sources, mount_table)
        if sources.problems:
            raise ConfigurationError(sources.problems, tuple(map(str, settings.unknown_variables)))
        return settings

    @classmethod
    def _read_all(cls, sources: Sources) -> Self:
        good = "development or production"
        environment = sources.read("ENVIRONMENT", choice(Environment), Environment.DEVELOPMENT, good)
        is_production = environment is Environment.PRODUCTION
        server = ServerSettings.read(sources, is_production=is_production)
        store = StoreSettings.read(sources)
        accounts = AccountSettings.read(sources, data_dir=store.data_dir, workers=server.workers)
        ways_in = WaysInSettings.read(sources)
        identities = IdentityProviderSettings.read(sources, is_production=is_production)
        tokens = TokenSettings.read(sources, token_life=accounts.jwt_expiration)
        limiting = LimitSettings.read(sources)
        product = read_product(sources)
        mail = MailSettings.read(sources, product.name)
        return cls(
            environment=environment,
            server=server,
            store=store,
            accounts=accounts,
            ways_in=ways_in,
            identities=identities,
            tokens=tokens,
            limiting=limiting,
            product=product,
            mail=mail,
            apps=AppSettings.read(
                sources, public_url=server.public_url, app_url=mail.app_url, is_production=is_production
            ),
            monitoring=MonitoringSettings.read(sources, is_production=is_production),
            variables=tuple(sources.variables.values()),
            unknown_variables=unknown_variables(sources.variables, sources.environ, sources.env_file),
        )

    def _refuse_contradictions(self, sources: Sources) -> None:
        """Refuse contradictions between settings of different subjects."""
        if self.server.workers > 1 and self.store.database.is_embedded:
            reason = f"{self.server.workers} processes can't share a SQLite database, which one process owns"
            sources.refuse("WORKERS", reason, "1, or DATABASE_URL=postgresql://…")
        if self.monitoring.metrics_port == self.server.port:
            sources.refuse("METRICS_PORT", "this is SERVER_PORT, which everybody may reach", "9090")
        self._refuse_open_mailbox(sources)
        self._refuse_mute_verification(sources)

    def _refuse_open_mailbox(self, sources: Sources) -> None:
        """A reader of the mailbox can reset every password, so other machines need an explicit setting to read it."""
        mail, server = self.mail, self.server
        is_open = mail.has_dev_mailbox and mail.dev_mailbox is not DevMailbox.NETWORK and not server.is_local
        if self.is_production or not is_open:
            return
        # A value that can't be read has its default here; its error is already reported.
        if any(map(sources.is_refused, ("ENVIRONMENT", "DEV_MAILBOX", "SMTP_URL"))):
            return
        reason = f"with SERVER_HOST {', '.join(server.hosts)} other machines could read every mail and its reset link"
        sources.refuse("DEV_MAILBOX", reason, "network or off")

    def _refuse_mute_verification(self, sources: Sources) -> None:
        """Where no mail leaves, no one could verify an address. Production is refused without a mail server anyway."""
        is_mute = not self.is_production and self.mail.server is None and not self.mail.has_dev_mailbox
        if is_mute and self.ways_in.email_verification is EmailVerificationMode.REQUIRED:
            reason = "without SMTP_URL and with DEV_MAILBOX off no mail arrives, so no one could sign in"
            sources.refuse("EMAIL_VERIFICATION", reason, "optional")

    @property
    def is_production(self) -> bool:
        return self.environment is Environment.PRODUCTION

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where the value of each variable came from."""
        return {variable.name: variable.origin for variable in self.variables}

    def __repr__(self) -> str:
        return f"Settings({', '.join(f'{variable.name}={variable.text}' for variable in self.variables)})"
