"""Rules about several fields of a body: the API's description allows exactly what the service accepts"""

from collections.abc import Iterator
from itertools import product

import pytest
from openapi_schema_validator import OAS31Validator

from tests.http.answers import assert_refused_field
from tests.http.service import Json, Service
from tests.http.test_openapi import DOCUMENT, SCHEMAS

MISSING = object()
UNKNOWN = {"token": "a" * 43, "email": "anna@example.com", "code": "12345678"}
BAN = {"status": "banned", "status_reason": "spam", "status_until": "2030-01-01T00:00:00Z"}
# Beside the proof: what the body needs anyway.
CONFIRMATIONS = {"reset-password": {"new_password": "scarlet-heron-77"}, "verify-email": {}, "change-email": {}}


def bodies(**values: tuple[object, ...]) -> Iterator[Json]:
    """Every combination of these values, of null, and of absence."""
    for combination in product(*((MISSING, None, *known) for known in values.values())):
        yield {name: value for name, value in zip(values, combination, strict=True) if value is not MISSING}


def is_allowed(body: Json, path: str, method: str) -> bool:
    schema = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    valid: bool = OAS31Validator({**schema, "components": {"schemas": SCHEMAS}}).is_valid(body)
    return valid


@pytest.mark.parametrize("flow", CONFIRMATIONS)
async def test_a_proof_is_a_token_or_an_address_with_a_code(service: Service, flow: str) -> None:
    path = f"/auth/{flow}/confirm"
    for proof in bodies(**{name: (value,) for name, value in UNKNOWN.items()}):
        body = {**CONFIRMATIONS[flow], **proof}
        given = {name for name, value in proof.items() if value is not None}
        assert is_allowed(body, f"/api/v1{path}", "post") == (given in ({"token"}, {"email", "code"})), body
        answer = await service.post(path, body)
        if is_allowed(body, f"/api/v1{path}", "post"):
            assert answer.json()["error_code"] in ("invalid_one_time_token", "rate_limited"), body
        else:
            assert_refused_field(answer, "token", "contradiction" if "token" in given else "required")


async def test_status_activity_reason_and_end_fit_together(service: Service) -> None:
    """Of a banned user: whether an active one may get a reason, the status that it has decides."""
    path, admin = f"/users/{service.people.banned.id}", service.people.admin
    allowed = 0
    for body in bodies(
        status=("active", "inactive", "banned"), is_active=(True, False), status_reason=("spam",),
        status_until=(BAN["status_until"],),
    ):  # fmt: skip
        assert (await service.patch(path, BAN, by=admin)).status_code == 200
        answer = await service.patch(path, body, by=admin)
        is_accepted = answer.status_code == 200
        assert is_accepted == is_allowed(body, "/api/v1/users/{user_id}", "patch"), (body, answer.text)
        allowed += is_accepted
    assert 0 < allowed < 5 * 4 * 3 * 3
