"""What the service reports to its operators: log, metrics and traces."""

from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Self

from bukhindor.config.sources import Sources
from bukhindor.config.values import choice, on_or_off, shown_on_or_off, whole_number

_NEEDED_FOR_TRACING = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")

_OTLP_PROTOCOL = "http/protobuf"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


# What other programs call them.
_OTHER_WORDS = {"warn": LogLevel.WARNING, "critical": LogLevel.ERROR, "fatal": LogLevel.ERROR}


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    log_level: LogLevel
    log_format: LogFormat
    metrics_port: int | None
    tracing: bool

    @classmethod
    def read(cls, sources: Sources, *, is_production: bool) -> Self:
        read = sources.read
        format_ = LogFormat.JSON if is_production else LogFormat.CONSOLE
        settings = cls(
            log_level=read("LOG_LEVEL", choice(LogLevel, _OTHER_WORDS), LogLevel.INFO, "info"),
            log_format=read("LOG_FORMAT", choice(LogFormat), format_, "json"),
            metrics_port=read("METRICS_PORT", whole_number(1, 65_535), None, "9090"),
            tracing=read("TRACING", on_or_off, False, "off", shown_on_or_off),
        )
        if settings.tracing and not _can_trace():
            reason = "the libraries for it are not here; install bukhindor-backend[tracing]"
            sources.refuse("TRACING", reason, "off")
        if settings.tracing:
            _refuse_other_protocols(sources)
        return settings


def _refuse_other_protocols(sources: Sources) -> None:
    """Refuse a protocol that the service doesn't send: a collector would get nothing, without an error.

    The variable for traces decides before the one for all signals. The library reads the process environment only.
    """
    for variable in ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"):
        protocol = sources.environ.get(variable, "").strip()
        if protocol:
            if protocol != _OTLP_PROTOCOL:
                reason = f"spans are sent by {_OTLP_PROTOCOL} only, to port 4318 of most collectors"
                sources.refuse(variable, reason, _OTLP_PROTOCOL)
            return


def _can_trace() -> bool:
    """Whether the libraries of the extra `tracing` are installed."""
    try:
        return all(find_spec(name) for name in _NEEDED_FOR_TRACING)
    except ModuleNotFoundError:
        # Not even the parent package is installed.
        return False
