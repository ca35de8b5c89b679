"""The server's clock is set: what was used stays used, and what comes later stays later."""

from datetime import timedelta

from tests.faults.finding import Expectations, Finding
from tests.faults.postgres_stories import Story
from tests.faults.stage import Stage
from tests.http.service import PASSWORD, Service, Tokens

_STEPS = {"-1 h": timedelta(hours=-1), "+1 h": timedelta(hours=1), "-5 s": timedelta(seconds=-5)}


async def _chain(service: Service, first: Tokens, length: int) -> list[Tokens]:
    """A session's generations, each used, a minute apart."""
    chain = [first]
    for _ in range(length):
        service.clock.advance(timedelta(minutes=1))
        chain.append(await service.refreshed(chain[-1]))
        await service.works(chain[-1])
    return chain


async def _story(stage: Stage, kind: str) -> Finding:
    expect = Expectations()
    async with stage.on_sqlite() if kind == "SQLite" else stage.on_postgres() as service:
        person = service.people.user
        for name, step in _STEPS.items():
            copied = await _chain(service, await service.signed_in(person), 2)
            kept = await _chain(service, await service.signed_in(person), 2)
            ended = await service.signed_in(person)
            await service.post("/auth/logout", by=ended)
            service.clock.advance(step)

            reused = await service.refresh(copied[0])
            expect.same(f"used token after {name}", reused.json().get("error_code"), "refresh_token_reused")
            expect.same(f"its session after {name}", (await service.refresh(copied[-1])).status_code, 401)
            expect.same(f"ended session after {name}", (await service.refresh(ended)).status_code, 401)
            expect.that(not await service.works(ended), f"an ended session is let in after {name}")
            later = await _chain(service, kept[-1], 3)
            expect.same(f"different tokens after {name}", len({each.refresh_token for each in kept + later}), 6)
            expect.that(await service.works(later[-1]), f"the newest token does not work after {name}")
            again = await service.refresh(later[0])
            expect.same(f"order after {name}", again.json().get("error_code"), "refresh_token_reused")
            expect.same(f"login after {name}", (await service.log_in(person.email, PASSWORD)).status_code, 200)
    return Finding(
        "REL-16",
        f"clock set by {', '.join(_STEPS)}, on {kind}",
        "used and ended tokens stay so; the order of refreshes holds",
        "as expected" if not expect.surprises else "see what differs",
        tuple(expect.surprises),
    )


async def on_sqlite(stage: Stage) -> Finding:
    return await _story(stage, "SQLite")


async def on_postgres(stage: Stage) -> Finding:
    return await _story(stage, "PostgreSQL")


CLOCK: dict[str, Story] = {"sqlite": on_sqlite, "postgres": on_postgres}
