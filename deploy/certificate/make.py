"""Makes the certificate under which the servers inside compose.yaml speak TLS: signed by itself, for the names given.

    python make.py FOLDER NAME...

FOLDER gets `certificate.pem`, for everybody to read, and `key.pem`, for its owner alone. What is there already stays.
It runs in the service's image, which has the library.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Only these containers see it, so replacing it gains nothing, and it needs no renewal.
LIFE = timedelta(days=3650)


def main(folder: Path, names: list[str]) -> None:
    # It is written last: where it is, its key is too.
    if (folder / "certificate.pem").exists():
        return
    key = generate_private_key(SECP256R1())
    write(folder / "key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    write(folder / "certificate.pem", signed_by_itself(key, names).public_bytes(Encoding.PEM), 0o644)


def signed_by_itself(key: EllipticCurvePrivateKey, names: list[str]) -> x509.Certificate:
    """A certificate for servers that can't sign any other: a client that trusts it trusts these names alone."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )


def write(file: Path, content: bytes, mode: int) -> None:
    """Let the file appear with all of its content."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        target.write(content)
    draft.replace(file)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
