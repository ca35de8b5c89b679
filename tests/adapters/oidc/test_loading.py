"""What a service loads before someone signs in with a provider: decision 0040."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys
from bukhindor.adapters.system.clock import SystemClock
from bukhindor.bootstrap import application
from bukhindor.bootstrap.identity_providers import identity_providers
from bukhindor.config import Settings
made = identity_providers(Settings.read({variables}, None), SystemClock())
asked = ("bukhindor.adapters.oidc.provider", "httpcore", "httpx", "certifi")
print(*sorted(made), *(name for name in asked if name in sys.modules))
"""
GOOGLE = {"OIDC_PROVIDERS": "google", "OIDC_GOOGLE_CLIENT_IDS": "web.example"}


@pytest.mark.parametrize(
    ("variables", "shown"),
    [({}, ""), (GOOGLE, "google bukhindor.adapters.oidc.provider")],
    ids=["no provider", "one provider"],
)
def test_only_what_is_configured_is_loaded(tmp_path: Path, variables: dict[str, str], shown: str) -> None:
    script = SCRIPT.replace("{variables}", repr({"DATA_DIR": str(tmp_path), **variables}))
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == shown
