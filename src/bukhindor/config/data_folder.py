"""The data folder: the development secret in it, and the file system under it."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from bukhindor.config.errors import ConfigurationError
from bukhindor.config.values import MIN_SECRET_BYTES

SECRET_FILE = "jwt_secret"

_NETWORK_FILE_SYSTEMS = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs ncpfs afs ceph lustre glusterfs fuse.glusterfs fuse.sshfs fuse.cephfs "
    "fuse.s3fs fuse.rclone beegfs ocfs2 gfs2".split()
)


def development_secret(data_dir: Path) -> bytes:
    """The secret of a development installation, created at the first call and the same at every later one.

    Any number of processes may call at once: all of them get the secret of the first. Raises ConfigurationError when
    the file does not contain a secret, OSError when it can't be read or written.
    """
    path = data_dir / SECRET_FILE
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _place(path, secrets.token_urlsafe(48).encode())
    secret = _read(path)
    if stat.S_IMODE(path.stat().st_mode) != 0o600:
        path.chmod(0o600)
    return secret


def made_secret(data_dir: Path) -> bytes | None:
    """The development secret if it already exists; nothing is changed. Raises as `development_secret`."""
    path = data_dir / SECRET_FILE
    return _read(path) if path.exists() else None


def _read(path: Path) -> bytes:
    secret = path.read_bytes().strip()
    if len(secret) < MIN_SECRET_BYTES:
        reason = f"has {len(secret)} bytes, at least {MIN_SECRET_BYTES} are needed"
        raise ConfigurationError([f"JWT_SECRET: {path} {reason}; delete the file and a new one is made"])
    return secret


def _place(path: Path, content: bytes) -> None:
    """Make the file appear with its complete content, or keep the existing one."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def network_file_system(path: Path, mount_table: str) -> str | None:
    """The type of the network file system that `path` is on, or None when it is on a disk of this machine.

    `mount_table` is the text of /proc/mounts. SQLite's locks and its write-ahead log are not reliable over a network.
    """
    place = path.absolute().resolve()
    best_length, best_type = -1, ""
    for line in mount_table.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # The kernel writes blanks in names as octal numbers.
        mount = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[1])
        if place.is_relative_to(mount) and len(mount) >= best_length:
            best_length, best_type = len(mount), fields[2]
    return best_type if best_type in _NETWORK_FILE_SYSTEMS else None
