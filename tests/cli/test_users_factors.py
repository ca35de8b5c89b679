"""bukhindor users factors and reset-factors"""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bukhindor.adapters.sql.sqlite.transactions import SqliteTransactions
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.factor import FactorName
from tests.cli.conftest import Command
from tests.fakes.seal import FakeSeal
from tests.makers import make_factor

ANN = "ann@example.com"


@pytest.fixture
def protected(bukhindor: Command) -> None:
    """Ann with one authenticator app and two recovery codes."""
    bukhindor("users", "create", "--email", ANN, "--name", "Ann", "--password-stdin", stdin="violet-otter-41\n")
    asyncio.run(_add_a_factor())


async def _add_a_factor() -> None:
    store = SqliteTransactions(Path("data/bukhindor.db"), owner=False, seal=FakeSeal())
    async with store.begin() as tx:
        ann = await tx.users.by_email(EmailAddress(ANN))
        assert ann is not None
        await tx.users.save(replace(ann, has_factor=True))
        await tx.factors.put(make_factor(ann, name=FactorName("Phone"), created_at=datetime(2026, 1, 31, tzinfo=UTC)))
        await tx.recovery_codes.replace(ann.id, [b"one", b"two"])
        await tx.commit()
    await store.close()


@pytest.mark.usefixtures("protected")
def test_factors_are_listed_without_their_secrets(bukhindor: Command) -> None:
    columns, row, left = bukhindor("users", "factors", ANN).stdout.splitlines()
    assert columns == "id\tname\tcreated\tlast used"
    assert row.split("\t")[1:] == ["Phone", "2026-01-31 00:00:00Z", "never"]
    assert left == "Recovery codes left: 2"
    shown = json.loads(bukhindor("users", "factors", ANN, "--json").stdout)
    assert shown["recovery_codes_left"] == 2
    (factor,) = shown["factors"]
    assert set(factor) == {"id", "type", "name", "created_at", "last_used_at"}


@pytest.mark.usefixtures("protected")
def test_a_reset_removes_all_of_them(bukhindor: Command) -> None:
    assert bukhindor("users", "reset-factors", ANN).stdout == (
        f"Removed the second factors of {ANN}; all sessions have ended.\n"
    )
    shown = json.loads(bukhindor("users", "factors", ANN, "--json").stdout)
    assert shown == {"factors": [], "recovery_codes_left": 0}
    assert bukhindor("users", "reset-factors", "bob@example.com").exit_code == 1
