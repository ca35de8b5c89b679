"""/account/…: the pages that mailed links lead to"""

import re

import pytest

from tests.http.landing import NEW, assert_harmless_page, is_verified, link_of, press, show
from tests.http.service import PASSWORD, Service


async def test_opening_a_link_changes_nothing(service: Service) -> None:
    """RST-10, WEB-03: neither do scanners that open it many times."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    proof = await service.proof(user.email)
    for method in ("GET", "HEAD", "GET"):
        answer = await show(service, proof.link, method)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    assert proof.token in assert_harmless_page(await show(service, proof.link))
    assert await service.works(user)
    assert (await press(service, "reset-password", token=proof.token, password=NEW)).status_code == 200
    assert not await service.works(user)


async def test_the_button_acts_once(service: Service) -> None:
    """RST-05, RST-08: and signs no one in."""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    answer = await press(service, "reset-password", token=token, password=NEW)
    assert "<form" not in assert_harmless_page(answer)
    assert "access_token" not in answer.headers["set-cookie"]
    assert (await service.log_in(user.email, NEW)).status_code == 200
    again = await press(service, "reset-password", token=token, password="amber-walrus-58")
    assert_harmless_page(again, 400)
    assert (await service.log_in(user.email, NEW)).status_code == 200


async def test_a_refused_password_can_be_chosen_again(service: Service) -> None:
    """RST-08, ERR-03: the error is announced, has the focus and stands beside the address."""
    proof = await link_of(service, "reset-password")
    for password in ("short-7", "", "password1"):
        page = assert_harmless_page(await press(service, "reset-password", token=proof.token, password=password), 400)
        assert proof.token in page
        assert not password or f'"{password}"' not in page
        assert re.search(r'role="alert" tabindex="-1" autofocus>[^<]+<', page)
        assert 'aria-invalid="true" aria-describedby="error note"' in page
        assert "<bdi>u•••@example.com</bdi>" in page
    assert (await press(service, "reset-password", token=proof.token, password=NEW)).status_code == 200


@pytest.mark.parametrize("password", ["пароль с пробелами", "a+b&c=d%20e", "  spaces kept  ", "日本語のパスワード"])
async def test_a_password_arrives_as_it_was_typed(service: Service, password: str) -> None:
    """PW-04"""
    user = service.people.user
    await service.post("/auth/reset-password", {"email": user.email})
    token = (await service.proof(user.email)).token
    assert (await press(service, "reset-password", token=token, password=password)).status_code == 200
    assert (await service.log_in(user.email, password)).status_code == 200


async def test_an_address_is_verified_with_the_password(service: Service) -> None:
    """REG-06: the registrant keeps password and sessions."""
    proof = await link_of(service, "verify-email")
    page = assert_harmless_page(await press(service, "verify-email", token=proof.token, password=PASSWORD))
    assert "Your address is verified" in page
    assert "<form" not in page
    assert await is_verified(service, PASSWORD)
    assert not [mail for mail in await service.mails("nina@example.com") if "password" in mail["subject"]]


@pytest.mark.parametrize("password", ["wrong-otter-41", "", "a" * 129])
async def test_a_wrong_password_destroys_nothing(service: Service, password: str) -> None:
    """REG-06: a typo is an error to try again, with the same link."""
    proof = await link_of(service, "verify-email")
    session = await service.log_in("nina@example.com")
    page = assert_harmless_page(await press(service, "verify-email", token=proof.token, password=password), 400)
    assert 'aria-invalid="true" aria-describedby="error"' in page
    assert "for <bdi>n•••@example.com</bdi>" in page
    assert proof.token in page
    assert await service.works(session.json()["user"]["access_token"])
    assert not await is_verified(service, PASSWORD)
    assert len(await service.mails("nina@example.com")) == 1
    assert (await press(service, "verify-email", token=proof.token, password=PASSWORD)).status_code == 200


async def test_a_person_who_did_not_register_says_so(service: Service) -> None:
    """REG-06: what the registrant planted ends, by a button of its own whose consequence stands beside it."""
    proof = await link_of(service, "verify-email")
    planted = (await service.log_in("nina@example.com")).json()["user"]["access_token"]
    page = assert_harmless_page(await show(service, proof.link))
    assert "the password of the account is removed, and all devices are signed out" in page
    assert re.findall(r'action="([^"]*)"', page) == ["/account/verify-email", "/account/verify-email/without-password"]
    assert await service.works(planted)
    page = assert_harmless_page(await press(service, "verify-email/without-password", token=proof.token))
    assert "A mail to choose a new password is on its way." in page
    assert not await service.works(planted)
    assert (await service.log_in("nina@example.com")).status_code == 401
    reset = await service.proof("nina@example.com")
    assert (await press(service, "reset-password", token=reset.token, password=NEW)).status_code == 200
    assert await is_verified(service, NEW)


@pytest.mark.parametrize(
    ("first", "fields", "again"),
    [
        ("verify-email", {"password": PASSWORD}, "open"),
        ("verify-email", {"password": PASSWORD}, "press"),
        ("verify-email", {"password": PASSWORD}, "press without"),
        ("verify-email/without-password", {}, "open"),
        ("verify-email/without-password", {}, "press"),
    ],
)
async def test_a_used_verification_says_that_the_address_is_verified(
    service: Service, first: str, fields: dict[str, str], again: str
) -> None:
    """REG-06: pressing another button changes nothing more."""
    proof = await link_of(service, "verify-email")
    assert (await press(service, first, None, token=proof.token, **fields)).status_code == 200
    before = service.sql("SELECT id, password_hash FROM users"), len(await service.mails())
    answer = await {
        "open": lambda: show(service, proof.link),
        "press": lambda: press(service, "verify-email", token=proof.token, password="wrong-otter-41"),
        "press without": lambda: press(service, "verify-email/without-password", token=proof.token),
    }[again]()
    page = assert_harmless_page(answer)
    assert "Your address is already verified" in page
    assert "<form" not in page
    assert (service.sql("SELECT id, password_hash FROM users"), len(await service.mails())) == before


async def test_a_session_in_the_browser_makes_no_difference(service: Service) -> None:
    """REG-06, WEB-02: the page asks for no cookie, so no other site can lend it one."""
    body = {"name": "Nina", "email": "nina@example.com", "password": PASSWORD}
    await service.post("/auth/register", body)
    attacker = (await service.log_in(body["email"])).json()["user"]["access_token"]
    token = (await service.proof(body["email"])).token
    await press(service, "verify-email/without-password", {"cookie": f"access_token={attacker}"}, token=token)
    assert not await service.works(attacker)


async def test_an_address_is_changed(service: Service) -> None:
    """RST-14"""
    user = service.people.user
    await service.post("/auth/change-email", {"new_email": "moved@example.com", "password": PASSWORD}, by=user)
    proof = await service.proof("moved@example.com")
    assert 'type="password"' not in assert_harmless_page(await show(service, proof.link))
    assert_harmless_page(await press(service, "change-email", token=proof.token))
    assert (await service.get("/auth/me", by=user)).json()["email"] == "moved@example.com"
