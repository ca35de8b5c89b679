"""The list of passwords that attackers try first."""

import subprocess
import sys
from pathlib import Path

import pytest

from bukhindor.adapters.crypto.common_passwords import load_common_passwords, read_common_passwords


def test_the_list_holds_what_attackers_try() -> None:
    """PW-05: at least 3,000 that the policy would let through otherwise."""
    common = load_common_passwords()

    assert len(common) >= 3000
    assert {"password", "12345678", "qwertyuiop", "1qaz2wsx", "baseball"} <= common
    assert "correct horse battery staple" not in common
    assert "password,12345678" not in common
    assert "assword" not in common
    assert "" not in common


def test_every_entry_can_be_compared_with_a_lower_case_password_of_the_least_length() -> None:
    common = load_common_passwords()

    assert all(len(password) >= 8 and password == password.casefold() for password in common)
    assert not any("," in password or '"' in password for password in common)


def test_the_package_of_the_list_is_not_kept_in_memory() -> None:
    program = (
        "import sys\n"
        "from bukhindor.adapters.crypto.common_passwords import load_common_passwords\n"
        "assert len(load_common_passwords()) >= 3000\n"
        "assert not any(name.startswith('zxcvbn') for name in sys.modules)\n"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "FREQUENCY_LISTS = {}\n",
        '"passwords": "",\n',
        '"passwords": "password,12345678".split(","),\n',
        '"surnames": "' + ",".join(str(number) for number in range(10**8, 10**8 + 4000)) + '".split(","),\n',
    ],
    ids=["empty", "no lists", "empty list", "two passwords", "another list"],
)
def test_a_file_without_the_list_stops_the_server(tmp_path: Path, text: str) -> None:
    source = tmp_path / "frequency_lists.py"
    source.write_text(text)

    with pytest.raises(RuntimeError, match="does not contain the list"):
        read_common_passwords(source)


def test_only_long_entries_are_taken_and_in_lower_case(tmp_path: Path) -> None:
    source = tmp_path / "frequency_lists.py"
    words = [f"Password{number}" for number in range(3000)]
    source.write_text(f'LISTS = {{\n    "passwords": "short,{",".join(words)},1234567".split(","),\n}}\n')

    assert set(read_common_passwords(source)) == {word.lower() for word in words}
