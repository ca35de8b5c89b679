"""A running service for each test; the database with its people is made once and copied."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.http.service import People, Service, Template, make_template, started

StartService = Callable[..., Awaitable[Service]]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return asyncio.run(make_template(tmp_path_factory.mktemp("template")))


@pytest.fixture
async def start_service(template: Template, tmp_path: Path) -> AsyncIterator[StartService]:
    """Start a service with other settings: `await start_service(public_url="https://api.example.com")`."""
    async with AsyncExitStack() as running:

        async def start(**changes: Any) -> Service:
            folder = tmp_path / f"service-{len(list(tmp_path.iterdir()))}"
            folder.mkdir()
            return await running.enter_async_context(started(template, folder, **changes))

        yield start


@pytest.fixture
async def service(start_service: StartService) -> Service:
    return await start_service()


@pytest.fixture
def people(template: Template) -> People:
    return template.people
