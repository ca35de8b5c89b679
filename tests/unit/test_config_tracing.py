"""TRACING, beside the variables of OpenTelemetry."""

import pytest

from bukhindor.config import ConfigurationError, Settings

EVERY_SIGNAL, TRACES = "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"


@pytest.mark.parametrize("variable", [EVERY_SIGNAL, TRACES])
@pytest.mark.parametrize("protocol", ["grpc", "http/json"])
def test_a_protocol_that_is_not_sent_is_refused_in_one_line(variable: str, protocol: str) -> None:
    """The library would send by HTTP to the port for gRPC, and the collector would get nothing."""
    with pytest.raises(ConfigurationError) as refusal:
        Settings.read({"TRACING": "on", variable: protocol}, None)
    expected = (
        f"{variable}: spans are sent by http/protobuf only, to port 4318 of most collectors; for example http/protobuf"
    )
    assert refusal.value.problems == (expected,)


@pytest.mark.parametrize(
    "variables",
    [{}, {EVERY_SIGNAL: ""}, {EVERY_SIGNAL: "http/protobuf"}, {EVERY_SIGNAL: "grpc", TRACES: "http/protobuf"}],
)
def test_the_variable_for_traces_decides_first(variables: dict[str, str]) -> None:
    assert Settings.read({"TRACING": "on", **variables}, None).monitoring.tracing


def test_without_traces_the_protocol_does_not_matter() -> None:
    assert not Settings.read({EVERY_SIGNAL: "grpc"}, None).monitoring.tracing
