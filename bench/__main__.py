"""Measure the service and print one table: `python -m bench [--quick] [PART …]`."""

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from bench.figures import Figure, table
from bench.parts import (
    badinput,
    cost,
    factors,
    flood,
    mail,
    me,
    memory,
    passkey,
    postgres,
    redis,
    refresh,
    scale,
    signin,
    timing,
)
from bench.stage import QUICK, Scale, Stage

PARTS: dict[str, Callable[[Stage], list[Figure]]] = {
    "me": me.measure,
    "refresh": refresh.measure,
    "signin": signin.measure,
    "flood": flood.measure,
    "cost": cost.measure,
    "factors": factors.measure,
    "memory": memory.measure,
    "scale": scale.measure,
    "badinput": badinput.measure,
    "timing": timing.measure,
    "mail": mail.measure,
    "passkey": passkey.measure,
    "postgres": postgres.measure,
    "redis": redis.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (all)")
    parser.add_argument("--quick", action="store_true", help="shorter rounds and fewer users, a minute or two")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    # A terminated benchmark ends its servers the way an interrupted one does.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        measure(options.parts or list(PARTS), QUICK if options.quick else Scale())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except RuntimeError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def measure(parts: list[str], scale: Scale) -> None:
    started = time.monotonic()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bukhindor-bench-", dir=disk()) as folder:
        stage = Stage(Path(folder), scale)
        try:
            for part in parts:
                stage.say(f"{part} …")
                figures += PARTS[part](stage)
        finally:
            stage.close()
        cores = stage.cores.count
    print(
        f"\n{time.strftime('%Y-%m-%d')}, {cores} cores ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}, {time.monotonic() - started:.0f} s\n"
    )
    print(table(figures))


def disk() -> str:
    """A folder for temporary files that is not kept in memory, where waiting for the disk would cost nothing."""
    usual = tempfile.gettempdir()
    in_memory = {line.split()[1] for line in _mounts() if line.split()[2] in ("tmpfs", "ramfs")}
    places = (str(place) for place in (usual, "/var/tmp") if os.access(place, os.W_OK))
    return next((place for place in places if _mount_of(Path(place)) not in in_memory), usual)


def _mounts() -> list[str]:
    mounts = Path("/proc/mounts")
    return mounts.read_text("utf-8").splitlines() if mounts.exists() else []


def _mount_of(place: Path) -> str:
    return next(str(folder) for folder in (place, *place.parents) if os.path.ismount(folder))


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
