"""Requests as parts of traces, by OpenTelemetry; its libraries are an extra of this program."""
