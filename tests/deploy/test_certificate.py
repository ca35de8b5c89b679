"""deploy/certificate/make.py: the service's own clients accept its certificate, and no client accepts it for other
names.
"""

import asyncio
import ssl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bukhindor.adapters.smtp.mailer import SmtpMailer
from bukhindor.config.mail import mail_server, sender

PROGRAM = Path(__file__).parents[2] / "deploy" / "certificate" / "make.py"
PATIENCE_SECONDS = 30


def make(folder: Path, *names: str) -> None:
    command: list[str | Path] = [sys.executable, "-I", PROGRAM, folder, *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def server_context(folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


async def greet(name: str, server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """One TLS handshake with a server that the client takes for `name`."""

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=server)
    async with listener:
        port = listener.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        writer.close()


async def test_the_names_it_was_made_for_are_trusted_and_no_other(tmp_path: Path) -> None:
    make(tmp_path, "redis", "mailpit")
    # Python 3.13, which the image has, is this strict by itself.
    client = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    for name in ("redis", "mailpit"):
        await greet(name, server_context(tmp_path), client)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mail\.example\.com"):
        await greet("mail.example.com", server_context(tmp_path), client)


async def test_the_mailer_trusts_it_where_compose_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CFG-01"""
    make(tmp_path, "mailpit")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    mailer = SmtpMailer(mail_server("smtp://mailpit:1025"), sender("Example <no-reply@example.com>"))
    client = vars(mailer)["_tls"]
    await greet("mailpit", server_context(tmp_path), client)


def test_the_key_is_for_its_owner_alone_and_a_second_run_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path, "redis", "mailpit")
    before = {file.name: (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) for file in tmp_path.iterdir()}
    assert {name: mode for name, (_, mode) in before.items()} == {"certificate.pem": 0o644, "key.pem": 0o600}
    make(tmp_path, "redis", "mailpit")
    assert {file.name: (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) for file in tmp_path.iterdir()} == before


def test_a_run_that_was_cut_off_is_made_good_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"half a")
    (tmp_path / "key.new").write_bytes(b"half a")
    make(tmp_path, "redis")
    server_context(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"certificate.pem", "key.pem"}
