"""How a PostgreSQL database is reached."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

CHECKING_MODES = ("verify-ca", "verify-full")
# libpq's name for the roots that this machine trusts; here they are the default as well.
ROOTS_OF_THE_SYSTEM = "system"


@dataclass(frozen=True, slots=True, repr=False)
class PostgresUrl:
    """The database of a server that any number of processes share.

    `dsn` is the form that the driver understands. `is_pooled` means that a pooler in transaction mode is in between,
    which keeps no session from one transaction to the next (`pgbouncer=true`). `is_local` means that nothing leaves
    this machine: the address is a socket of the file system or the loopback interface. `tls` is the sslmode, "" when
    none is named; `files` are its certificates and keys by their option.
    """

    is_embedded: ClassVar[bool] = False

    dsn: str
    hosts: tuple[str, ...]
    database: str
    tls: str
    is_pooled: bool
    is_local: bool
    files: Mapping[str, str] = field(default_factory=dict)

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

    def __str__(self) -> str:
        """The address without user and password."""
        return f"postgresql://{','.join(self.hosts)}/{self.database}"

    __repr__ = __str__
