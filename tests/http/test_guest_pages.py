"""The hosted pages of the own account, in the browser of a guest"""

import pytest

from tests.http.passkey_scenes import add, on_the_web
from tests.http.service import Service, Tokens
from tests.http.test_guests import begin, mailed_to_guests, me
from tests.http.test_own_pages import Tab


@pytest.fixture
async def guest(service: Service) -> Tokens:
    return await begin(service, "Zoe")


@pytest.fixture
async def tab(service: Service, guest: Tokens) -> Tab:
    """A browser that a guest uses."""
    tab = Tab(service)
    tab.cookies["access_token"] = guest.access_token
    return tab


async def test_every_page_opens(tab: Tab) -> None:
    for page in ("/sessions", "/passkeys", "/factors", "/password", "/address", "/delete"):
        assert (await tab.get(f"/account{page}")).status_code == 200, page
    overview = await tab.get("/account")
    assert "no email address yet" in overview.text
    assert "guest.invalid" not in overview.text
    assert "Zoe" in overview.text
    assert "ещё нет адреса" in (await tab.get("/account", accept_language="ru")).text


@pytest.mark.parametrize(
    ("path", "form"),
    [("/account/password", {"new_password": "scarlet-heron-77"}), ("/account/factors", {"name": "Phone"})],
)
async def test_what_needs_an_address_says_so(tab: Tab, path: str, form: dict[str, str]) -> None:
    answer = await tab.submit(path, **form)
    assert answer.status_code == 409
    assert "add one first" in answer.text


async def test_the_last_passkey_stays(tab: Tab, guest: Tokens) -> None:
    passkey = await add(tab.service, on_the_web(), guest)
    answer = await tab.submit("/account/passkeys/remove", opened="/account/passkeys", passkey=passkey["id"])
    assert answer.status_code == 409
    assert "add another one first" in answer.text


async def test_a_guest_adds_an_address_and_deletes_the_account(tab: Tab, guest: Tokens) -> None:
    service = tab.service
    assert (await tab.submit("/account/address", new_email="zoe@example.org")).status_code == 200
    proof = await service.proof("zoe@example.org")
    confirmed = await service.post("/auth/change-email/confirm", {"token": proof.token})
    assert confirmed.status_code == 200
    assert (await me(service, guest))["is_guest"] is False
    assert "zoe@example.org" in (await tab.get("/account")).text
    assert (await tab.submit("/account/delete", password="")).status_code == 200
    assert not await service.works(guest)
    assert await mailed_to_guests(service) == []
