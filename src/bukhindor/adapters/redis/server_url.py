"""How the Redis or Valkey server is reached."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RedisServer:
    """`socket` is the path of a Unix socket; without one, `host` and `port` apply.

    With `tls`, the certificate is always checked, against `tls_files["ssl_ca_certs"]` or else the system's roots.
    `is_local` means that nothing leaves this machine: the address is a Unix socket or the loopback interface.
    """

    host: str
    port: int
    socket: str
    database: int
    tls: bool
    tls_files: dict[str, str]
    is_local: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def sends_login_in_clear(self) -> bool:
        """Whether a password travels over a network without TLS."""
        return self.password is not None and not (self.tls or self.is_local)

    def __str__(self) -> str:
        """The address without user and password."""
        if self.socket:
            return f"unix://{self.socket}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rediss' if self.tls else 'redis'}://{host}:{self.port}/{self.database}"
