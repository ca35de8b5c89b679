"""Where the service listens, and who reaches it there."""

import pytest

from bukhindor.config import Settings


def test_the_service_may_listen_at_several_places() -> None:
    settings = Settings.read({"SERVER_HOST": "[::1], localhost,unix:/run/bukhindor.sock,::1"}, None).server

    assert settings.hosts == ("::1", "localhost", "unix:/run/bukhindor.sock")
    assert (settings.is_local, settings.metrics_host) == (True, "::1")


@pytest.mark.parametrize(
    ("host", "is_local"), [("::", False), ("unix:/run/a.sock", True), ("localhost,10.1.1.1", False)]
)
def test_who_reaches_the_service_depends_on_every_place(host: str, is_local: bool) -> None:
    assert Settings.read({"SERVER_HOST": host, "DEV_MAILBOX": "off"}, None).server.is_local is is_local


def test_metrics_of_a_service_on_a_unix_socket_stay_on_this_machine() -> None:
    assert Settings.read({"SERVER_HOST": "unix:/run/a.sock"}, None).server.metrics_host == "127.0.0.1"
