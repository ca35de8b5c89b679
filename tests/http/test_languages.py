"""What people read, in the language they ask for; machine words stay"""

import re

import pytest

from bukhindor.domain.origin import Language
from bukhindor.web.edge.language import preferred_language
from tests.http.answers import assert_problem
from tests.http.service import Service

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
RUSSIAN = {"accept-language": "ru-RU,ru;q=0.9,en;q=0.8"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"), ("ru", "ru"), ("RU", "ru"), ("ru-RU", "ru"), ("en-US,en;q=0.9", "en"), ("ru;q=0.3, en;q=0.7", "en"),
        ("en;q=0.3,ru;q=0.7", "ru"), ("de, ru;q=0.5", "ru"), ("de", "en"), ("*", "en"), ("ru;q=0", "en"),
        ("ru;q=x", "en"), ("ru;q=nan", "en"), ("en, ru;q=inf", "en"), ("ru;q=1e9", "en"), ("ru;q=1_0", "en"),
        ("ru;q=-1", "en"), ("ru;q=2", "en"), ("ru;q=0.1234", "en"), ("ru;q=1.000", "ru"), ("ru;Q=0.5", "ru"),
        ("ru;", "ru"), ("ru;q=1;q=0", "en"), ("ru;x=1", "en"), (" ru ; q=1 ", "ru"), ("rus", "en"), (",,;;,", "en"),
        ("ru\x00", "en"), ("," * 300 + "ru", "en"), ("ru" * 10_000, "en"),
    ],
)  # fmt: skip
def test_the_language_with_the_most_weight_is_chosen(header: str, language: str) -> None:
    assert preferred_language(header) is Language(language)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/api/v1/auth/login", {"email": "uma@example.com", "password": "x"}, 401, "invalid_credentials"),
        ("POST", "/api/v1/auth/login", {"email": "ben@example.com", "password": "violet-otter-41"}, 403,
         "account_banned"),
        ("POST", "/api/v1/auth/reset-password/confirm", {"token": "x", "new_password": "scarlet-heron-77"}, 400,
         "invalid_one_time_token"),
        ("GET", "/api/v1/auth/me", None, 401, "not_authenticated"),
        ("GET", "/nowhere", None, 404, "not_found"),
        ("DELETE", "/api/v1/auth/login", None, 405, "method_not_allowed"),
    ],
)  # fmt: skip
async def test_a_refusal_is_worded_for_people_and_named_for_machines(
    service: Service, method: str, path: str, body: dict[str, str] | None, status: int, code: str
) -> None:
    russian = assert_problem(await service.ask(method, path, body, headers=RUSSIAN), status, code)
    english = assert_problem(await service.ask(method, path, body), status, code)
    assert CYRILLIC.search(russian["detail"])
    assert not CYRILLIC.search(english["detail"])
    assert russian["title"] == english["title"]


async def test_fields_are_explained_in_russian_too(service: Service) -> None:
    body = {"name": "", "email": "x", "password": ""}
    answer = await service.post("/auth/register", body, headers=RUSSIAN)
    problem = assert_problem(answer, 400, "validation_failed", "name", "email", "password")
    assert all(CYRILLIC.search(error["message"]) for error in problem["errors"])


async def test_a_mail_speaks_the_language_of_the_request(service: Service) -> None:
    user = service.people.user
    for headers, is_russian in ((RUSSIAN, True), ({"accept-language": "en"}, False), ({}, False)):
        await service.post("/auth/reset-password", {"email": user.email}, headers=headers)
        mail = (await service.mails(user.email))[0]
        for part in ("subject", "text", "html"):
            assert bool(CYRILLIC.search(mail[part])) is is_russian
