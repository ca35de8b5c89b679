"""The mail server accepts connections and says nothing, or breaks them off."""

import asyncio
import time
from datetime import timedelta

from tests.adapters.smtp.sink import Received, Sink, serving
from tests.faults.finding import Expectations, Finding
from tests.faults.postgres_stories import Story
from tests.faults.proxy import FaultProxy
from tests.faults.stage import Stage
from tests.faults.watch import ANSWER_SECONDS, LIVE, READ, READY, REFRESH, WRITE, Watch
from tests.http.service import PASSWORD


async def swallowed(stage: Stage) -> Finding:
    """REL-15: only the mail waits for it."""
    expect = Expectations()
    sink = Sink()
    async with serving(sink), FaultProxy(sink.port) as proxy:
        proxy.swallow()
        url = f"smtp://127.0.0.1:{proxy.port}?starttls=never"
        async with stage.on_sqlite(smtp_url=url) as service, Watch(service) as watch:
            began = time.monotonic()
            email = "waiting@example.com"
            body = {"email": email, "password": PASSWORD, "name": "Waiting"}
            registered = await service.post("/auth/register", body)
            asked = await service.post("/auth/forgot-password", {"email": email})
            took = time.monotonic() - began
            expect.same("registration", registered.status_code, 201)
            expect.same("forgotten password", asked.status_code, 200)
            expect.that(took < ANSWER_SECONDS, f"it took {took:.1f} s")
            expect.that(await watch.until(200, LIVE, READY, READ, WRITE, REFRESH, times=20), "others had to wait")
            expect.same("mails", len(sink.received), 0)
            # The first try is under way by now, and breaks off.
            await proxy.restore()
            mended = time.monotonic()
            while len(_mails(sink, email)) < 2 and time.monotonic() < mended + 10:
                # The pause before the next try is over.
                service.clock.advance(timedelta(minutes=3))
                await asyncio.sleep(0.1)
            recovery = time.monotonic() - mended
        statuses = {each.status for each in watch.without_excuse() if each.ended < mended}
        expect.same("statuses", statuses, {200})
        expect.same("mails in the end", len(_mails(sink, email)), 2)
    return Finding(
        "REL-15",
        "mail server in a black hole",
        "requests go on as ever; each mail arrives once, <= 10 s after its end",
        f"both requests in {took * 1000:.0f} ms, live {watch.live_within() * 1000:.0f} ms, "
        f"{len(_mails(sink, email))} mails {recovery:.1f} s after its end",
        tuple(expect.surprises),
    )


def _mails(sink: Sink, email: str) -> list[Received]:
    return [mail for mail in sink.received if mail.recipients == [email]]


MAIL: dict[str, Story] = {"swallowed": swallowed}
