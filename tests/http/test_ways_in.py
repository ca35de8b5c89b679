"""REGISTRATION, EMAIL_VERIFICATION and the lists of domains."""

from tests.http.answers import assert_problem, assert_refused_field
from tests.http.conftest import StartService
from tests.http.service import PASSWORD, tokens_in

ANNA = {"name": "Anna", "email": "anna@example.org", "password": PASSWORD}


async def test_a_closed_registration_takes_no_one(start_service: StartService) -> None:
    """Known or not: the response and the store are the same. Administrators go on creating accounts."""
    service = await start_service(registration="closed")
    before = service.sql("SELECT count(*) FROM users")
    for email in ("anna@example.org", service.people.user.email):
        assert_problem(await service.post("/auth/register", ANNA | {"email": email}), 403, "registration_closed")
    assert service.sql("SELECT count(*) FROM users") == before
    assert await service.mails("anna@example.org") == []
    assert (await service.post("/users", ANNA, by=service.people.admin)).status_code == 201


async def test_a_refused_domain_is_an_error_of_its_field(start_service: StartService) -> None:
    """In Russian too, and without a word about the lists."""
    service = await start_service(blocked_email_domains="example.org,почта.рф", block_disposable_email="true")
    for domain in ("example.org", "mail.example.org", "почта.рф", "xn--80a1acny.xn--p1ai", "mailinator.com"):
        answer = await service.post("/auth/register", ANNA | {"email": f"anna@{domain}"})
        assert_refused_field(answer, "email", "email_domain_not_accepted")
        assert "example.org" not in answer.text
    russian = await service.post("/auth/register", ANNA, headers={"accept-language": "ru"})
    assert russian.json()["errors"][0]["message"] == "Адреса этого домена здесь не принимаются."

    body = {"new_email": "anna@example.org", "password": PASSWORD}
    answer = await service.post("/auth/change-email", body, by=service.people.user)
    assert_refused_field(answer, "new_email", "email_domain_not_accepted")
    assert await service.mails("anna@example.org") == []


async def test_only_allowed_domains_register(start_service: StartService) -> None:
    service = await start_service(allowed_email_domains="example.org")
    other = await service.post("/auth/register", ANNA | {"email": "anna@example.net"})
    assert_refused_field(other, "email", "email_domain_not_accepted")
    assert (await service.post("/auth/register", ANNA)).status_code == 201
    by_admin = ANNA | {"email": "anna@example.net"}
    assert (await service.post("/users", by_admin, by=service.people.admin)).status_code == 201


async def test_a_required_verification_comes_before_the_first_sign_in(start_service: StartService) -> None:
    """The client asks for another mail, the person follows it, and signs in."""
    service = await start_service(email_verification="required")
    email = ANNA["email"]
    assert (await service.post("/auth/register", ANNA)).status_code == 201
    assert_problem(await service.log_in(email, "another-password-1"), 401, "invalid_credentials")
    assert_problem(await service.log_in(email), 403, "email_not_verified")
    assert (await service.post("/auth/verify-email", {"email": email})).status_code == 200
    proof = await service.proof(email)
    confirmed = await service.post("/auth/verify-email/confirm", {"token": proof.token, "password": PASSWORD})
    assert confirmed.status_code == 200
    assert await service.works(tokens_in(await service.log_in(email)))
