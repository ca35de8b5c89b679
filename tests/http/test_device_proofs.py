"""Device proofs on the wire: where they come from, where they go, and what they open"""

import pytest

from tests.http.answers import assert_problem
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, Json, Service

WRONG, NEW = "wrong-otter-41", "scarlet-heron-77"
HOME, CAFE, ATTACKER = "198.51.100.7", "203.0.113.77", "192.0.2.66"


@pytest.fixture
async def limited(start_service: StartService) -> Service:
    return await start_service(rate_limits=True)


async def lock_strangers_out(service: Service, email: str) -> None:
    for _ in range(10):
        assert_problem(await service.log_in(email, WRONG, peer=ATTACKER), 401, "invalid_credentials")
    assert_problem(await service.log_in(email, peer=ATTACKER), 429, "rate_limited")


def cookies_of(answer: object) -> dict[str, str]:
    """Names and values of the cookies that a response sets."""
    lines = answer.headers.get_list("set-cookie")  # type: ignore[attr-defined]
    return dict(line.split(";", 1)[0].split("=", 1) for line in lines)


async def test_an_app_sends_the_proof_back_as_a_header(limited: Service) -> None:
    """LGN-04, LGN-12: from anywhere, while strangers are refused; X-Device-ID alone proves nothing."""
    user = limited.people.user
    body: Json = (await limited.log_in(user.email, peer=HOME)).json()
    await lock_strangers_out(limited, user.email)
    proof = {"x-device-proof": body["user"]["device_proof"]}
    assert (await limited.log_in(user.email, peer=CAFE, headers=proof)).status_code == 200
    for headers in ({"x-device-id": "device-1"}, {"x-device-proof": "bkd_nonsense"}, {"x-device-proof": ""}):
        assert_problem(await limited.log_in(user.email, peer=ATTACKER, headers=headers), 429, "rate_limited")


async def test_a_browser_keeps_it_in_a_cookie_that_outlives_the_session(limited: Service) -> None:
    """LGN-12, WEB-01: hidden from scripts; signing out leaves it, deleting the account does not."""
    user = limited.people.user
    answer = await limited.log_in(user.email, peer=HOME)
    proof = cookies_of(answer)["device_proof"]
    assert proof == answer.json()["user"]["device_proof"]
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("device_proof=")]
    assert line.split("; ")[1:] == ["Max-Age=31536000", "Path=/", "HttpOnly", "SameSite=Lax"]
    signed_out = await limited.post("/auth/logout", by=answer.json()["user"]["access_token"])
    assert set(cookies_of(signed_out)) == {"access_token"}
    await lock_strangers_out(limited, user.email)
    again = await limited.log_in(user.email, peer=CAFE, headers={"cookie": f"device_proof={proof}"})
    assert again.status_code == 200
    gone = await limited.delete("/auth/me", {"password": PASSWORD}, by=again.json()["user"]["access_token"])
    assert cookies_of(gone)["device_proof"] == ""


async def test_refresh_change_and_reset_leave_a_proof_too(limited: Service) -> None:
    user = limited.people.user
    refreshed = (await limited.refresh(user)).json()
    changed = (
        await limited.post(
            "/auth/change-password",
            {"current_password": PASSWORD, "new_password": NEW},
            by=refreshed["user"]["access_token"],
        )
    ).json()
    await limited.post("/auth/reset-password", {"email": user.email})
    body = {"token": (await limited.proof(user.email)).token, "new_password": PASSWORD}
    reset = await limited.post("/auth/reset-password/confirm", body, peer=ATTACKER)
    assert cookies_of(reset) == {"device_proof": reset.json()["device_proof"]}
    for proof in (
        refreshed["user"]["device_proof"],
        refreshed["tokens"]["device_proof"],
        changed["user"]["device_proof"],
        reset.json()["device_proof"],
    ):
        assert proof.startswith("bkd_")


async def test_the_page_of_a_reset_leaves_a_proof_in_the_browser(limited: Service) -> None:
    user = limited.people.user
    await limited.post("/auth/reset-password", {"email": user.email})
    token = (await limited.proof(user.email)).token
    page = await limited.ask(
        "POST",
        "/account/reset-password",
        content=f"token={token}&password={NEW}".encode(),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert page.status_code == 200
    await lock_strangers_out(limited, user.email)
    headers = {"cookie": f"device_proof={cookies_of(page)['device_proof']}"}
    assert (await limited.log_in(user.email, NEW, peer=CAFE, headers=headers)).status_code == 200


async def test_todays_app_is_known_by_its_network(limited: Service) -> None:
    """LGN-04: it sends no proof; a /24 of IPv4 and a /48 of IPv6 are the same place."""
    user = limited.people.user
    for peer in (HOME, "2001:db8:1:2::1"):
        assert (await limited.log_in(user.email, peer=peer)).status_code == 200
    await lock_strangers_out(limited, user.email)
    for peer in ("198.51.100.200", "2001:db8:1:ffff::9"):
        assert (await limited.log_in(user.email, peer=peer)).status_code == 200
    for peer in ("198.51.101.7", "2001:db8:2:2::1"):
        assert_problem(await limited.log_in(user.email, peer=peer), 429, "rate_limited")


async def test_a_reset_opens_the_account_under_attack(limited: Service) -> None:
    """LGN-12: at once, with today's app, in the network in which the reset was made."""
    user = limited.people.user
    await lock_strangers_out(limited, user.email)
    assert_problem(await limited.log_in(user.email, peer=CAFE), 429, "rate_limited")
    await limited.post("/auth/reset-password", {"email": user.email}, peer=CAFE)
    body = {"token": (await limited.proof(user.email)).token, "new_password": NEW}
    assert (await limited.post("/auth/reset-password/confirm", body, peer=CAFE)).status_code == 200
    await lock_strangers_out(limited, user.email)
    assert (await limited.log_in(user.email, NEW, peer=CAFE)).status_code == 200


async def test_a_signed_in_owner_proves_their_presence_while_strangers_are_refused(limited: Service) -> None:
    """LGN-12, SES-06."""
    user = limited.people.user
    await lock_strangers_out(limited, user.email)
    change = {"current_password": PASSWORD, "new_password": NEW}
    answer = await limited.post("/auth/change-password", change, by=user)
    assert answer.status_code == 200
    token = answer.json()["user"]["access_token"]
    assert (await limited.delete("/auth/me", {"password": NEW}, by=token)).status_code == 200


async def test_neighbours_behind_one_address_block_no_client_with_a_proof(limited: Service) -> None:
    """LGN-06, LGN-12: a hundred failures of a carrier's address stop its strangers."""
    user = limited.people.user
    proof = {"x-device-proof": (await limited.log_in(user.email, peer=HOME)).json()["user"]["device_proof"]}
    for number in range(100):
        await limited.log_in(f"person{number}@example.com", WRONG, peer=HOME)
    assert_problem(await limited.log_in(user.email, peer=HOME), 429, "rate_limited")
    assert (await limited.log_in(user.email, peer=HOME, headers=proof)).status_code == 200


async def test_the_export_names_the_familiar_networks(limited: Service) -> None:
    """DP-01."""
    user = limited.people.user
    token = (await limited.log_in(user.email, peer=HOME)).json()["user"]["access_token"]
    networks = (await limited.get("/auth/me/export", by=token)).json()["familiar_networks"]
    assert [entry["network"] for entry in networks] == ["198.51.100.0/24"]
    assert networks[0]["last_used_at"].endswith("Z")


async def test_a_form_of_another_site_leaves_no_proof(limited: Service) -> None:
    """WEB-02: it would carry that site's own link, and take the place of the owner's proof in the browser."""
    user = limited.people.user
    await limited.post("/auth/reset-password", {"email": user.email})
    token = (await limited.proof(user.email)).token
    headers = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "cross-site"}
    content = f"token={token}&password={NEW}".encode()
    page = await limited.ask("POST", "/account/reset-password", content=content, headers=headers)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
