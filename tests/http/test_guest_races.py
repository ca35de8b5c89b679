"""Guests at one moment: fifty upgrades, fifty merges, and the removal of those who do not come back"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import httpx

from bukhindor.domain.audit import Retention
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Service
from tests.http.test_guests import ANNA, UPGRADE, begin, log_in, me


async def test_of_fifty_upgrades_one_succeeds(service: Service) -> None:
    """GST-02"""
    guest = await begin(service)
    emails = [f"anna{number}@example.org" for number in range(50)]
    bodies = [ANNA | {"email": email} for email in emails]
    answers = await asyncio.gather(
        *(service.post(UPGRADE, body, by=guest, peer=f"198.51.100.{n}") for n, body in enumerate(bodies))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 49}
    (winner,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert await me(service, guest) == winner
    assert [mail["to"] for mail in await service.mails() if mail["to"] in emails] == [winner["email"]]


async def test_of_fifty_merges_one_succeeds(service: Service) -> None:
    """GST-03"""
    guest = await begin(service)
    emails = [service.people.user.email, service.people.other.email]
    bodies = [{"email": emails[n % 2], "password": PASSWORD, "guest_token": guest.access_token} for n in range(50)]
    answers = await asyncio.gather(
        *(service.post("/auth/login", body, peer=f"198.51.100.{n}") for n, body in enumerate(bodies))
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 49}
    assert len(await service.events("&type=guest.merged")) == 1
    assert service.sql("SELECT count(*) FROM users WHERE guest_seen_at IS NOT NULL") == [(0,)]


async def test_an_upgrade_and_merges_at_once_leave_one_account_of_the_guest_or_none(service: Service) -> None:
    guest = await begin(service)
    upgrade = service.post(UPGRADE, ANNA, by=guest)
    merges = (log_in(service, guest, peer=f"198.51.100.{n}") for n in range(10))
    upgraded, *answers = await asyncio.gather(upgrade, *merges)
    merged = sum(answer.status_code == 200 for answer in answers)
    assert (upgraded.status_code == 200) + merged == 1
    assert service.sql("SELECT count(*) FROM users WHERE email = 'anna@example.org'") == [(1 - merged,)]


async def test_guests_who_do_not_come_back_are_removed(start_service: StartService) -> None:
    """GST-06"""
    service = await start_service(guest_retention="2d")
    gone, here = await begin(service), await begin(service)
    person = service.people.user
    service.clock.advance(timedelta(days=1))
    here = await service.refreshed(here)
    service.clock.advance(timedelta(days=1))
    await service.application.services.upkeep.purge()
    assert not await service.works(gone)
    assert (await service.refresh(gone)).status_code == 401
    here = await service.refreshed(here)
    assert await service.works(here)
    assert (await service.user(person.id))["is_guest"] is False
    deleted = await service.events("&type=user.deleted")
    assert [event["subject_id"] for event in deleted] == [gone.claims["sub"]]


async def test_a_guest_who_comes_back_while_guests_are_removed_stays_or_is_gone(service: Service) -> None:
    """Who becomes a person at that moment is one, or no one; nothing fails, and no half of an account is left."""
    guests = [await begin(service) for _ in range(40)]
    upgrades = [
        service.post(UPGRADE, ANNA | {"email": f"anna{n}@example.org"}, by=guest, peer=f"198.51.100.{n}")
        for n, guest in enumerate(guests)
    ]
    upkeep = replace(service.application.services.upkeep, retention=Retention(guests=timedelta(seconds=-1)))
    answers = await asyncio.gather(*upgrades[:20], upkeep.purge(), *upgrades[20:])
    statuses = [answer.status_code for answer in answers if isinstance(answer, httpx.Response)]
    assert set(statuses) <= {200, 401}
    people = service.sql("SELECT count(*) FROM users WHERE email LIKE 'anna%'")
    assert people == [(statuses.count(200),)]
    assert service.sql("SELECT count(*) FROM users WHERE guest_seen_at IS NOT NULL") == [(0,)]
