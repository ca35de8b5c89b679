"""The examples of successful responses in the API's description are like the responses that the service gives."""

from collections.abc import Iterator

from bukhindor.domain.audit import AuditType
from tests.http.service import PASSWORD, Json, Service, Tokens, tokens_in
from tests.http.test_openapi import DOCUMENT, answers_of, problems_with
from tests.http.web_flow_scenes import successes_of_identities

EXAMPLES: dict[str, Json] = {
    op["operationId"]: media
    for item in DOCUMENT["paths"].values()
    for op in item.values()
    for status, response in op["responses"].items()
    if status < "300"
    for media in response.get("content", {}).values()
}
ONLY_FOR_SOME = {"merged_from", "status_reason", "status_until", "locked_at", "degraded"}
# What people, administrators and standards put there.
OPEN = {"metadata", "app_metadata", "details", "options"}
NEW = "moved@example.com"


def names_in(value: object, path: str = "") -> Iterator[str]:
    """The path of every member."""
    if isinstance(value, list):
        for one in value:
            yield from names_in(one, path + "[]")
    elif isinstance(value, dict):
        for name, one in value.items():
            yield f"{path}.{name}"
            if name not in OPEN:
                yield from names_in(one, f"{path}.{name}")


async def signed_in(service: Service, email: str) -> Tokens:
    return tokens_in(await service.log_in(email))


async def successes_by_mail(service: Service) -> list[tuple[str, Json]]:
    """Responses that need what was mailed."""
    maria = {"name": "Maria", "email": "maria@example.com", "password": PASSWORD}
    await service.post("/auth/register", maria)
    verify = {"token": (await service.proof(maria["email"])).token, "password": PASSWORD}
    verified = await service.post("/auth/verify-email/confirm", verify)
    signed_in_maria = tokens_in(await service.log_in(maria["email"]))
    await service.post("/auth/change-email", {"new_email": NEW, "password": PASSWORD}, by=signed_in_maria)
    moved = await service.post("/auth/change-email/confirm", {"token": (await service.proof(NEW)).token})
    forgotten = await service.post("/auth/forgot-password", {"email": NEW})
    reset = {"token": (await service.proof(NEW)).token, "new_password": "scarlet-heron-77"}
    done = await service.post("/auth/reset-password/confirm", reset)
    await service.post("/auth/sign-in-code", {"email": NEW})
    by_mail = await service.post("/auth/sign-in-code/confirm", {"token": (await service.proof(NEW)).token})
    await service.change("UPDATE users SET password_hash = NULL WHERE email = ?", NEW)
    chosen = {"new_password": reset["new_password"]}
    added = await service.put("/auth/password", chosen, by=tokens_in(by_mail))
    phone, laptop = [tokens_in(await service.log_in(NEW, reset["new_password"])) for _ in range(2)]
    left = await service.post("/auth/logout", by=phone)
    gone = await service.post("/auth/me/delete", {"password": reset["new_password"]}, by=laptop)
    person, admin = f"/users/{service.people.user.id}", service.people.admin
    withdrawn = await service.post("/users/invitations", {"email": "olga@example.com"}, by=admin)
    await service.post("/users/invitations", {"email": "nora@example.com"}, by=admin)
    link = (await service.mails("nora@example.com"))[0]["links"][0]
    accept = {"token": link.partition("token=")[2], "name": "Nora", "password": PASSWORD}
    return [
        (
            "withdraw_invitation",
            (await service.delete(f"/users/invitations/{withdrawn.json()['id']}", by=admin)).json(),
        ),
        ("accept_invitation", (await service.post("/auth/invitations/accept", accept)).json()),
        (
            "lock_account",
            (await service.post("/auth/lockdown", by=await signed_in(service, "nora@example.com"))).json(),
        ),
        ("confirm_email", verified.json()),
        ("confirm_email_change", moved.json()),
        ("forgot_password", forgotten.json()),
        ("confirm_password_reset", done.json()),
        ("confirm_sign_in", by_mail.json()),
        ("add_password", added.json()),
        ("logout", left.json()),
        ("delete_me_by_post", gone.json()),
        ("update_user", (await service.patch(person, {"name": "New"}, by=admin)).json()),
    ]


def test_every_successful_response_with_a_body_has_an_example_that_fits() -> None:
    for operation, media in EXAMPLES.items():
        assert problems_with(media["example"], media["schema"]) == [], operation


def test_the_examples_of_the_audit_name_events_that_are_recorded() -> None:
    """Their schema allows words that a later version adds, so it refuses none."""
    events = [event for media in EXAMPLES.values() for event in media["example"].get("events", [])]
    assert events
    assert {event["type"] for event in events} <= set(AuditType)


async def test_the_service_answers_as_the_examples_say(service: Service) -> None:
    """The same members, and the same sentence for people."""
    received = [*await successes_by_mail(service), *await successes_of_identities(service)]
    received += [
        (name, answer.json()) for name, answer in await answers_of(service) if answer.is_success and answer.content
    ]
    assert {name for name, _ in received} == set(EXAMPLES)
    for operation, media in EXAMPLES.items():
        answers = [answer for name, answer in received if name == operation]
        shown, seen = set(names_in(media["example"])), {path for answer in answers for path in names_in(answer)}
        assert shown <= seen, operation
        assert {path.rpartition(".")[2] for path in seen - shown} <= ONLY_FOR_SOME, operation
        assert media["example"].get("message") in {answer.get("message") for answer in answers}, operation
