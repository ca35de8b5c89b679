"""Claims that the operator adds to access tokens."""

import json

import pytest

from bukhindor.domain.custom_claims import MAX_BYTES, CustomClaim, custom_claims
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.metadata import Metadata
from bukhindor.domain.user import Role
from tests.makers import make_user


def claims_of(*texts: str) -> list[CustomClaim]:
    return [CustomClaim.parse(text) for text in texts]


def test_every_source_gives_its_value() -> None:
    user = make_user(
        role=Role.ADMIN,
        language=LanguageTag.parse("kk-KZ"),
        metadata=Metadata('{"theme":{"dark":true}}'),
        app_metadata=Metadata('{"plan":"gold","seats":3}'),
    )
    claims = claims_of(
        "mail:email", "email_verified:email_verified", "name:name", "x-role:role", "status:status", "locale:language",
        "theme:metadata.theme", "plan:app_metadata.plan", "https://example.com/claims/seats:app_metadata.seats",
    )  # fmt: skip
    assert custom_claims(claims, user) == {
        "mail": str(user.email),
        "email_verified": user.email_verified,
        "name": str(user.name),
        "x-role": "admin",
        "status": "active",
        "locale": "kk-KZ",
        "theme": {"dark": True},
        "plan": "gold",
        "https://example.com/claims/seats": 3,
    }


def test_what_a_user_does_not_have_is_left_out() -> None:
    claims = claims_of("plan:app_metadata.plan", "locale:language", "theme:metadata.theme", "mail:email")
    assert list(custom_claims(claims, make_user())) == ["mail"]


def test_a_claim_that_does_not_fit_is_left_out_and_smaller_ones_stay() -> None:
    """A token travels with every request, and a cookie has less than 4 KiB."""
    user = make_user(app_metadata=Metadata(json.dumps({"big": "ж" * 400, "plan": "gold"})))
    found = custom_claims(claims_of("big:app_metadata.big", "plan:app_metadata.plan"), user)
    assert found == {"plan": "gold"}
    filled = make_user(app_metadata=Metadata(json.dumps({f"m{n}": "x" * 200 for n in range(10)})))
    found = custom_claims(claims_of(*(f"m{n}:app_metadata.m{n}" for n in range(10))), filled)
    assert 0 < len(json.dumps(found)) <= MAX_BYTES
    assert list(found) == [f"m{n}" for n in range(len(found))]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plan", "colon"),
        (":email", "colon"),
        ("a b:email", "colon"),
        ("sub:email", "reserved"),
        ("role:role", "reserved"),
        ("scope:app_metadata.scope", "reserved"),
        ("x:password_hash", "is not one of email"),
        ("x:app_metadata", "is not one of"),
        ("x:app_metadata.", "is not one of"),
        ("x:metadata.a b", "is not one of"),
    ],
)
def test_what_is_no_claim_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        CustomClaim.parse(text)
