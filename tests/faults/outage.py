"""The story that most faults tell: all is well, something breaks, it is mended, and all is well again."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.faults.finding import Expectations, Finding
from tests.faults.stage import store_of
from tests.faults.waiting import until
from tests.faults.watch import ANSWER_SECONDS, LIVE, READY, RECOVERY_SECONDS, WORK, Watch
from tests.http.service import Service

Step = Callable[[], Awaitable[None]]


async def outage(
    service: Service,
    check: str,
    fault: str,
    begin: Step,
    end: Step,
    *,
    refused: tuple[str, ...] = (READY, *WORK),
    lasts: float = 0.0,
    most_refused: int | None = None,
) -> Finding:
    """`refused` are the kinds of requests that must be refused meanwhile; without any the fault lasts for `lasts`
    seconds, and no more than `most_refused` requests may be refused."""
    expect = Expectations()
    async with Watch(service) as watch:
        expect.that(await watch.until(200, LIVE, READY, *WORK, times=2), "not well before the fault")
        began = time.monotonic()
        await begin()
        try:
            if refused:
                is_refused = await watch.until(503, *refused)
                expect.that(is_refused, f"{', '.join(refused)} were not refused")
            await asyncio.sleep(max(0.0, began + lasts - time.monotonic()))
            lasted = time.monotonic() - began
        finally:
            await end()
        recovery = await watch.recovery()
    expect.none(sorted(set(watch.surprises())))
    expect.none(await watch.lost_writes())
    refusal = watch.refused_within()
    count = sum(each.status == 503 for each in watch.without_excuse() if each.kind in WORK)
    expect.that(refusal <= ANSWER_SECONDS, f"a refusal took {refusal:.1f} s")
    expect.that(most_refused is None or count <= most_refused, f"{count} requests were refused")
    if recovery is None or recovery > RECOVERY_SECONDS:
        expect.that(False, "it did not recover in time")
    expect.none(await leaks(service))
    counts = watch.counts()
    seen = (
        f"{lasted:.1f} s: {counts[200]} good, {counts[503]} refused, {sum(counts.values()) - counts[200] - counts[503]}"
        f" else; 503 in {refusal:.2f} s, live {watch.live_within() * 1000:.0f} ms, back in {recovery or 99:.2f} s"
    )
    expected = "503 + Retry-After <= 5 s" if most_refused is None else f"at most {most_refused} refused"
    expected += ", live < 100 ms, back <= 10 s, nothing lost or leaked"
    return Finding(check, fault, expected, seen, tuple(expect.surprises))


async def leaks(service: Service) -> list[str]:
    """Connections that stay busy although no request asks any more; background work needs one for a moment."""
    store = store_of(service)
    if not hasattr(store, "pool_state"):
        return []
    is_quiet = await until(lambda: not store.pool_state.in_use, 15)
    return [] if is_quiet else [f"leaked connections: {store.pool_state}"]
