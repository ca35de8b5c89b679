"""How a PostgreSQL database is reached."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

CHECKING_MODES = ("verify-ca", "verify-full")
# libpq's name for the roots that this machine trusts; here they are the default as well.
ROOTS_OF_THE_SYSTEM = "system"


class Place(NamedTuple):
    """Where a server listens. A host that begins with a slash is the folder of its socket."""

    host: str
    port: int

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def __str__(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True, repr=False)
class PostgresUrl:
    """The database of a server that any number of processes share.

    `dsn` is the form that the driver understands, apart from the `places`, of which one or more may be named; the
    database is at the one that suits. `is_pooled` means that a pooler in transaction mode is in between,
    which keeps no session from one transaction to the next (`pgbouncer=true`). `keeps_sessions` means that there is
    none, or one in session mode (`pgbouncer=false`); the URL may say neither. `is_local` means that nothing leaves
    this machine: the address is a socket of the file system or the loopback interface. `tls` is the sslmode, "" when
    none is named; `files` are its certificates and keys by their option. `connect_timeout` is in seconds, 0 when none
    is given. `wants_channel_binding`: the URL asks for it, and the driver can't do it.
    """

    is_embedded: ClassVar[bool] = False

    dsn: str
    places: tuple[Place, ...]
    user: str
    database: str
    tls: str
    is_pooled: bool
    is_local: bool
    files: Mapping[str, str] = field(default_factory=dict)
    connect_timeout: int = 0
    keeps_sessions: bool = False
    wants_channel_binding: bool = False

    def connecting_within(self, seconds: float, *, at_most: float | None = None) -> float:
        """How long a new connection may take: `seconds` unless the URL says otherwise, never more than `at_most`."""
        wanted = self.connect_timeout or seconds
        return wanted if at_most is None else min(wanted, at_most)

    def tls_context(self) -> ssl.SSLContext | None:
        """How to check the server's certificate; None when it is not checked, which is left to the driver.

        By default the driver knows only a file below the user's home. Raises OSError when a file can't be read.
        """
        if self.tls not in CHECKING_MODES:
            return None
        roots = self.files.get("sslrootcert", ROOTS_OF_THE_SYSTEM)
        context = ssl.create_default_context(cafile=None if roots == ROOTS_OF_THE_SYSTEM else roots)
        context.check_hostname = self.tls == "verify-full"
        # Certificates of private authorities often lack what the newest rules require; libpq accepts them.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if "sslcert" in self.files:
            context.load_cert_chain(self.files["sslcert"], self.files.get("sslkey"))
        return context

    @property
    def hosts(self) -> str:
        """The hosts as people write them."""
        return ",".join(map(str, self.places))

    def __str__(self) -> str:
        """The address without user and password."""
        if not self.places[0].is_socket:
            return f"postgresql://{self.hosts}/{self.database}"
        return f"postgresql:///{self.database}?host={self.places[0].host}&port={self.places[0].port}"

    __repr__ = __str__
