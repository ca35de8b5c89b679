"""Whether this installation can trace requests."""

from importlib.util import find_spec

_NEEDED = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def can_trace() -> bool:
    """Whether the libraries of the extra `tracing` are installed."""
    try:
        return all(find_spec(name) for name in _NEEDED)
    except ModuleNotFoundError:
        # Not even what they lie in is there.
        return False
