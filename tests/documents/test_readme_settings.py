"""The settings that documents list are the settings that there are."""

import re
from pathlib import Path

import pytest

from bukhindor.adapters.sql.sqlite.url import SqliteUrl
from bukhindor.config import Settings

ROOT = Path(__file__).parents[2]

TABLE_ROW = re.compile(r"^\| `([A-Z_<>]+)` \|", re.MULTILINE)
ASSIGNMENT = re.compile(r"^# ([A-Z_]+)=", re.MULTILINE)
WITH_A_PROVIDER = {"OIDC_PROVIDERS": "google", "OIDC_GOOGLE_CLIENT_IDS": "web"}


@pytest.mark.parametrize(
    ("document", "entry"), [("README.md", TABLE_ROW), ("README.ru.md", TABLE_ROW), (".env.example", ASSIGNMENT)]
)
def test_a_document_lists_every_setting_once_and_no_other(document: str, entry: re.Pattern[str]) -> None:
    variables = [variable for variable, _, _ in Settings.read(WITH_A_PROVIDER, None).variables]
    listed = [found.replace("<NAME>", "GOOGLE") for found in entry.findall((ROOT / document).read_text("utf-8"))]
    assert sorted(listed) == sorted(variables)


def test_the_sample_file_is_accepted_with_every_default_switched_on(tmp_path: Path, shown_files: None) -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    switched_on = [line.removeprefix("# ") if ASSIGNMENT.match(line) else line for line in lines]
    env_file = tmp_path / ".env"
    env_file.write_text("\n".join(switched_on), "utf-8")

    settings = Settings.read({}, env_file)

    assert settings.server.port == 8080
    assert settings.store.database == SqliteUrl(Path("./data/bukhindor.db"))
