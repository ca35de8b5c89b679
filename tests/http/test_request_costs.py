"""What requests cost in statements and hashes: a figure that grows is a decision, and a wrong password tells nothing"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.http.authenticator import complete, mfa_token, protected
from tests.http.counting import Cost, cost_of, counting_services
from tests.http.passkey_scenes import SIGN_IN, add, on_the_web, proof
from tests.http.service import PASSWORD, Person, Service

WRONG = "wrong-otter-41"
ELSEWHERE = "198.51.100.7"
START = ["SELECT user_sessions", "UPDATE users", "INSERT user_sessions", "DELETE user_sessions", "INSERT audit_events"]


@pytest.fixture(autouse=True)
def counting() -> Iterator[None]:
    with counting_services():
        yield


@pytest.fixture
async def person(service: Service) -> Person:
    """A person with a verified address, whose device and network the service knows."""
    await service.change("UPDATE users SET email_verified = ?", True)
    await service.signed_in(service.people.user)
    return service.people.user


async def test_a_sign_in_with_a_password_makes_seven_statements(service: Service, person: Person) -> None:
    cost = await cost_of(service.log_in(person.email))
    assert cost.statements == ["SELECT users", "SELECT users", *START]
    assert cost.hashes == ["verify"]


async def test_a_second_factor_makes_one_statement_more_than_the_password_alone(
    service: Service, person: Person
) -> None:
    """The factor is read and used up; the first look at the account belongs to the password."""
    app = await protected(service, person)
    tried = await mfa_token(service, person)
    cost = await cost_of(complete(service, tried, code=app.code(service)))
    assert cost.statements == ["SELECT users", "SELECT factors", "UPDATE factors", *START]
    assert cost.hashes == []


async def test_the_question_for_the_second_factor_makes_five_statements(service: Service, person: Person) -> None:
    """It says what the account can answer with."""
    await protected(service, person)
    cost = await cost_of(service.log_in(person.email), 403)
    assert cost.statements == [
        "SELECT users", "SELECT users", "SELECT recovery_codes", "SELECT passkeys", "INSERT audit_events",
    ]  # fmt: skip
    assert cost.hashes == ["verify"]


async def test_a_mailed_code_makes_nine_statements_and_no_hash(service: Service, person: Person) -> None:
    await service.post("/auth/sign-in-code", {"email": person.email})
    body = {"email": person.email, "code": (await service.proof(person.email)).code}
    cost = await cost_of(service.post("/auth/sign-in-code/confirm", body))
    found = ["SELECT users", "SELECT one_time_tokens", "DELETE one_time_tokens", "SELECT familiar_networks"]
    assert cost == Cost(["BEGIN", *found, *START, "COMMIT"], [])


async def test_a_passkey_makes_eleven_statements_and_no_hash(service: Service, person: Person) -> None:
    device = on_the_web()
    await add(service, device, person)
    assert await cost_of(service.post(f"{SIGN_IN}/options")) == Cost()
    cost = await cost_of(service.post(SIGN_IN, await proof(service, device)))
    assert cost.statements == [
        "SELECT passkeys", "SELECT users", "SELECT passkeys", "INSERT used_challenges", "UPDATE passkeys",
        "SELECT familiar_networks", *START,
    ]  # fmt: skip
    assert cost.hashes == []


async def test_the_own_account_is_read_with_one_statement_whatever_was_proved(service: Service, person: Person) -> None:
    assert await cost_of(service.get("/auth/me", by=person)) == Cost(["SELECT users user_sessions"])
    await protected(service, person)
    assert await cost_of(service.get("/auth/me", by=person)) == Cost(["SELECT users user_sessions"])


async def test_a_dangerous_act_that_is_admitted_reads_no_passkeys(service: Service, person: Person) -> None:
    admin, path = service.people.admin, f"/users/{person.id}/sessions"
    admitted = await cost_of(service.delete(path, by=admin))
    assert "SELECT passkeys" not in admitted.statements
    service.clock.advance(timedelta(minutes=10))
    refused = await cost_of(service.delete(path, by=admin), 403)
    assert [call for call in refused.statements if "passkeys" in call] == ["SELECT passkeys"]


@pytest.mark.parametrize("peer", [None, ELSEWHERE])
async def test_a_wrong_password_costs_the_same_with_factors_and_without(
    service: Service, person: Person, peer: str | None
) -> None:
    """LGN-01: factors are read only once the password is right, so time and text say nothing of them."""
    how = {} if peer is None else {"peer": peer}
    other = service.people.other
    await service.signed_in(other)
    await add(service, on_the_web(), person)
    await protected(service, person)
    plain = await cost_of(service.log_in(other.email, WRONG, **how), 401)
    guarded = await cost_of(service.log_in(person.email, WRONG, **how), 401)
    assert guarded == plain
    assert len(plain.statements) == (3 if peer is None else 4)
    assert plain.hashes == ["verify"]
    answers = [(await service.log_in(each.email, WRONG, **how)).json() for each in (other, person)]
    for answer in answers:
        del answer["request_id"]
    assert answers[0] == answers[1]


async def test_an_unknown_address_costs_a_hash_and_a_commit_as_well(service: Service) -> None:
    """LGN-01"""
    cost = await cost_of(service.log_in("unknown@example.com", WRONG, peer=ELSEWHERE), 401)
    assert cost.hashes == ["verify"]
    assert cost.calls == ["SELECT users", "BEGIN", "SELECT users", "INSERT audit_events", "COMMIT"]


async def test_an_account_without_a_password_costs_a_hash_as_well(service: Service, person: Person) -> None:
    """LGN-01"""
    plain = await cost_of(service.log_in(person.email, WRONG), 401)
    await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", person.email)
    assert await cost_of(service.log_in(person.email, PASSWORD), 401) == plain


async def test_the_delivery_of_a_mail_is_no_part_of_the_request(service: Service, person: Person) -> None:
    cost = await cost_of(service.post("/auth/sign-in-code", {"email": person.email}))
    assert await service.mails(person.email) != []
    assert [call for call in cost.statements if "outbox" in call] == ["INSERT outbox"]


async def test_a_guest_takes_eight_statements_and_no_hash(service: Service) -> None:
    cost = await cost_of(service.post("/auth/guest"), 201)
    _, *after_the_device = START
    network = ["UPDATE familiar_networks", "INSERT familiar_networks"]
    statements = ["INSERT users", "INSERT audit_events", *after_the_device[:-1], *network, after_the_device[-1]]
    assert cost == Cost(["BEGIN", *statements, "COMMIT"], [])


async def test_a_merge_adds_eight_statements_to_a_sign_in(service: Service, person: Person) -> None:
    """The guest is read before and in the transaction, and removed like any account."""
    token = (await service.post("/auth/guest")).json()["user"]["access_token"]
    body = {"email": person.email, "password": PASSWORD, "guest_token": token}
    cost = await cost_of(service.post("/auth/login", body))
    removal = ["DELETE users", "DELETE outbox", "DELETE kept_responses", "INSERT audit_events", "UPDATE audit_events"]
    known, *after_the_device = START
    assert cost.statements == [
        "SELECT users user_sessions", "SELECT users", "SELECT users", known, "SELECT users user_sessions", *removal,
        "INSERT audit_events", *after_the_device,
    ]  # fmt: skip
    assert cost.hashes == ["verify"]
