"""The HTTP server: where it listens, how clients reach it and how long it waits."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from bukhindor.config.durations import format_duration
from bukhindor.config.networks import Network, networks
from bukhindor.config.origins import Address, AllowedOrigins, parse_web_address
from bukhindor.config.sources import Sources
from bukhindor.config.values import (
    allowed_origins,
    duration,
    header_names,
    hosts,
    is_loopback,
    on_or_off,
    shown_on_or_off,
    whole_number,
    yes_or_no,
)

_SECOND = timedelta(seconds=1)
_STOP = duration(_SECOND, timedelta(minutes=10))
_DELAY = duration(timedelta(), timedelta(minutes=1))
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - A service in production is there to be reached.


@dataclass(frozen=True, slots=True)
class ServerSettings:
    hosts: tuple[str, ...]
    port: int
    public_url: Address
    cors_allowed_origins: AllowedOrigins
    cors_allowed_headers: tuple[str, ...]
    trusted_proxies: tuple[Network, ...]
    require_client_headers: bool
    docs: bool
    request_timeout: timedelta
    shutdown_timeout: timedelta
    shutdown_delay: timedelta
    workers: int

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return all(map(is_loopback, self.hosts))

    @property
    def metrics_host(self) -> str:
        """The first host that is not a Unix socket, else this machine only."""
        return next((host for host in self.hosts if not host.startswith("unix:")), "127.0.0.1")

    @classmethod
    def read(cls, sources: Sources, *, is_production: bool) -> Self:
        read = sources.read
        defaults: tuple[str, ...] = (_EVERYWHERE if is_production else "127.0.0.1",)
        listening = read("SERVER_HOST", hosts, defaults, "127.0.0.1")
        port = read("SERVER_PORT", whole_number(1, 65_535), 8080, "8080")
        local_url = Address("http", f"localhost:{port}")
        local_pages = AllowedOrigins(any_local_port=not is_production)
        settings = cls(
            hosts=listening,
            port=port,
            public_url=read("PUBLIC_URL", parse_web_address, local_url, "https://api.example.com"),
            cors_allowed_origins=read("CORS_ALLOWED_ORIGINS", allowed_origins, local_pages, "https://app.example.com"),
            cors_allowed_headers=read("CORS_ALLOWED_HEADERS", header_names, (), "x-tenant,x-feature-flags"),
            trusted_proxies=read("TRUSTED_PROXIES", networks, (), "10.0.0.0/8,127.0.0.1"),
            require_client_headers=read("REQUIRE_CLIENT_HEADERS", yes_or_no, False, "false"),
            docs=read("DOCS", on_or_off, True, "on", shown_on_or_off),
            request_timeout=read("REQUEST_TIMEOUT", duration(_SECOND, 300 * _SECOND), 10 * _SECOND, "10s"),
            shutdown_timeout=(timeout := read("SHUTDOWN_TIMEOUT", _STOP, 30 * _SECOND, "30s")),
            shutdown_delay=read("SHUTDOWN_DELAY", _DELAY, _delay(timeout) if is_production else timedelta(), "3s"),
            workers=read("WORKERS", whole_number(1, 256), 1, "1"),
        )
        if settings.shutdown_delay >= timeout:
            reason = f"this is not shorter than SHUTDOWN_TIMEOUT, {format_duration(timeout)}"
            sources.refuse("SHUTDOWN_DELAY", reason, "0s")
        return settings


def _delay(timeout: timedelta) -> timedelta:
    """In whole seconds."""
    return min(3 * _SECOND, timedelta(seconds=timeout // (10 * _SECOND)))
