"""Break what the service depends on, and print the results: `python -m chaos [--quick] [PART …]`."""

import argparse
import asyncio
import logging
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import structlog

from chaos.table import line, table
from tests.faults.clock_stories import CLOCK
from tests.faults.conflict_stories import CONFLICTS
from tests.faults.crash_stories import CRASHES
from tests.faults.duplicate_stories import DUPLICATES
from tests.faults.finding import Finding
from tests.faults.mail_stories import MAIL
from tests.faults.postgres_stories import OUTAGES, Story
from tests.faults.redis_stories import REDIS
from tests.faults.replica_stories import REPLICAS
from tests.faults.sqlite_stories import SQLITE
from tests.faults.stage import Stage, Thoroughness
from tests.servers.programs import ProgramMissing

PARTS: Mapping[str, Mapping[str, Story]] = {
    "postgres": OUTAGES,
    "conflicts": CONFLICTS,
    "redis": REDIS,
    "sqlite": SQLITE,
    "mail": MAIL,
    "clock": CLOCK,
    "clients": DUPLICATES,
    "replicas": REPLICAS,
    "crashes": CRASHES,
}
# Kills take turns with starts, so that each of these leaves a core to the other.
_TOGETHER = frozenset({"crashes"})

_THOROUGH = Thoroughness(
    kills=100,
    fsync=True,
    start_seconds=5.0,
    lock_seconds=12.0,
    requests_per_second=200,
    least_part_of_requests=0.5,
    calm_seconds=2.0,
    clients=12,
)
_STORY_SECONDS = 240.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (all)")
    parser.add_argument("--quick", action="store_true", help="no more repetitions than the tests have")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    # Whatever ends this ends the servers, too.
    signal.signal(signal.SIGTERM, _interrupt)
    # The services in this process log every refusal; the table tells what matters.
    logging.disable()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        return _tell(options.parts or list(PARTS), Thoroughness() if options.quick else _THOROUGH)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    except ProgramMissing as missing:
        sys.stderr.write(f"chaos: {missing}\n")
        return 1


def _tell(parts: list[str], thoroughness: Thoroughness) -> int:
    began = time.monotonic()
    findings: list[Finding] = []
    with tempfile.TemporaryDirectory(prefix="bukhindor-chaos-") as folder:
        stage = Stage(Path(folder), thoroughness)
        try:
            for part in parts:
                findings += asyncio.run(_part(stage, part))
        finally:
            stage.close()
    differing = sum(not finding.is_as_expected for finding in findings)
    seconds = time.monotonic() - began
    _say(f"\n{table(findings)}\n")
    _say(
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({platform.machine()}, {platform.system()}), "
        f"Python {platform.python_version()}: {len(findings)} faults in {seconds:.0f} s, {differing} not as expected"
    )
    return 1 if differing else 0


async def _part(stage: Stage, part: str) -> list[Finding]:
    stories = PARTS[part]
    if part in _TOGETHER:
        return list(await asyncio.gather(*(_story(stage, part, *each) for each in stories.items())))
    return [await _story(stage, part, *each) for each in stories.items()]


async def _story(stage: Stage, part: str, name: str, story: Story) -> Finding:
    try:
        async with asyncio.timeout(_STORY_SECONDS):
            finding = await story(stage)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        finding = Finding("-", f"{part} {name}", "the story comes to its end", "it did not", (problem,))
    _say(line(finding))
    return finding


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
