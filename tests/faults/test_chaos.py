"""`python -m chaos` tells the tests' stories, and says whether all of them ended as expected."""

import subprocess
import sys
from pathlib import Path

from chaos.table import table
from tests.faults.finding import Finding

ROOT = Path(__file__).parents[2]


def chaos(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "chaos", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_a_part_is_reported_and_ends_as_expected() -> None:
    told = chaos("--quick", "mail")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 faults in" in told.stdout
    assert "0 not as expected" in told.stdout


def test_an_unknown_part_is_named() -> None:
    told = chaos("weather")
    assert told.returncode == 2
    assert "unknown part: weather" in told.stderr


def test_differences_are_listed_below_the_table() -> None:
    text = table(
        [
            Finding("REL-08", "database stopped", "503", "503 in 1 s"),
            Finding("REL-12", "Redis frozen", "no request fails", "2 failed", ("login was answered 500",)),
        ]
    )
    assert text.splitlines()[2].endswith("| as expected |")
    assert text.splitlines()[3].endswith("| DIFFERS     |")
    assert text.endswith("REL-12 Redis frozen: login was answered 500")
