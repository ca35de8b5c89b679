"""A use case that takes too long is cancelled: refused, undone, and not counted by any limit."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import httpx
import pytest

from bukhindor.domain.rate_limit import FAILED_SIGN_INS_PER_ACCOUNT
from bukhindor.web.endpoint.operation import carry_out
from tests.http.answers import assert_problem
from tests.http.service import Service

StartService = Callable[..., Awaitable[Service]]

BRIEF = {"request_timeout": timedelta(seconds=0.2)}


@asynccontextmanager
async def held(service: Service) -> AsyncIterator[None]:
    """Meanwhile another program keeps everybody from changing users."""
    url = service.database.url
    if url.startswith("sqlite"):
        file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        file.execute("BEGIN IMMEDIATE")
        yield
        file.close()
    else:
        connection = await asyncpg.connect(url)
        async with connection.transaction():
            await connection.execute("SELECT id FROM users FOR UPDATE")
            yield
        await connection.close()


async def at_last(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The response when nothing blocks. A busy machine may need such a brief time for anything; a request that is
    refused for that is repeated.
    """
    async with asyncio.timeout(20):
        while True:
            answer = await ask()
            if answer.status_code != 503:
                return answer
            await asyncio.sleep(0.05)


async def test_what_takes_too_long_is_refused_and_undone(start_service: StartService) -> None:
    """DOS-03."""
    service = await start_service(**BRIEF)
    user = service.people.user
    async with held(service):
        answer = await service.patch("/auth/me", {"name": "Another Name"}, by=user)
        assert_problem(answer, 503, "too_busy")
        assert answer.headers["retry-after"] == "1"
        assert (await at_last(lambda: service.get("/auth/me", by=user))).json()["name"] == user.name
    assert (await at_last(lambda: service.get("/auth/me", by=user))).json()["name"] == user.name
    again = await at_last(lambda: service.patch("/auth/me", {"name": "Another Name"}, by=user))
    assert again.json()["name"] == "Another Name"


async def test_a_sign_in_that_was_given_up_is_no_failed_attempt(start_service: StartService) -> None:
    """LGN-12: a slow database must lock no one out, and must leave no session that its user does not know of."""
    service = await start_service(rate_limits=True, **BRIEF)
    user = service.people.user
    sessions = service.sql("SELECT count(*) FROM user_sessions")
    async with held(service):
        attempts = [service.log_in(user.email) for _ in range(FAILED_SIGN_INS_PER_ACCOUNT.hits)]
        answers = await asyncio.gather(*attempts)
        assert {answer.status_code for answer in answers} == {503}
    assert service.sql("SELECT count(*) FROM user_sessions") == sessions
    assert (await at_last(lambda: service.log_in(user.email))).status_code == 200


async def test_a_page_behind_a_mailed_link_is_given_up_as_well(start_service: StartService) -> None:
    """The link stays good."""
    service = await start_service(**BRIEF)
    user = service.people.user
    await at_last(lambda: service.post("/auth/reset-password", {"email": user.email}))
    proof = await service.proof(user.email)
    form = f"token={proof.token}&password=walnut-compass-19"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    async with held(service):
        answer = await service.ask("POST", "/account/reset-password", content=form, headers=headers)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (await at_last(lambda: service.log_in(user.email))).status_code == 200
    # The response is left out: it would be another one if that of a first success had come too late.
    await at_last(lambda: service.ask("POST", "/account/reset-password", content=form, headers=headers))
    assert (await at_last(lambda: service.log_in(user.email, "walnut-compass-19"))).status_code == 200


async def test_a_time_out_of_something_else_is_not_taken_for_this_one() -> None:
    async def work() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await carry_out(work, seconds=60)
