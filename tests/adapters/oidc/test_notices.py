"""What Apple reports by itself, right and forged."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bukhindor.domain.errors import InvalidIdToken, ProviderUnavailable
from bukhindor.domain.provider_notice import LIFE, NoticeKind
from tests.adapters.oidc.conftest import Stage
from tests.makers import address
from tests.oidc_provider.keys import rsa
from tests.oidc_provider.provider import DISCOVERY, KEYS, WEB, Response

RELAY = "q7x@privaterelay.appleid.com"


def notice(stage: Stage, event: object = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A right notice, except for the changes; None leaves a claim out."""
    issued = int(stage.clock.now().timestamp())
    usual = {"type": "consent-revoked", "sub": "ann", "event_time": issued}
    whole = {
        "iss": stage.own.issuer,
        "aud": WEB,
        "iat": issued,
        "jti": "notice-1",
        "events": json.dumps(usual if event is None else event),
        **changes,
    }
    key = (header or {}).pop("key", stage.own.keys[0])
    claims = {name: value for name, value in whole.items() if value is not None}
    signed: str = key.sign(claims, **(header or {}))
    return signed


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("consent-revoked", NoticeKind.CONSENT_REVOKED),
        ("account-delete", NoticeKind.ACCOUNT_DELETED),
        ("account-deleted", NoticeKind.ACCOUNT_DELETED),
        ("email-disabled", NoticeKind.MAIL_DISABLED),
        ("email-enabled", NoticeKind.MAIL_ENABLED),
        ("something-new", NoticeKind.OTHER),
    ],
)
async def test_a_right_notice_is_read(apple: Stage, type: str, kind: NoticeKind) -> None:
    event = {"type": type, "sub": "ann", "email": RELAY, "is_private_email": "true"}
    read = await apple.adapter().read_notice(notice(apple, event))
    assert (read.kind, read.subject, read.email) == (kind, "ann", address(RELAY))
    assert (read.provider, read.issuer) == ("apple", apple.own.issuer)
    assert read.expires_at > apple.clock.now() + LIFE


async def test_an_event_that_is_an_object_is_understood(apple: Stage) -> None:
    text = notice(apple, events={"type": "account-delete", "sub": "ann"})
    assert (await apple.adapter().read_notice(text)).kind is NoticeKind.ACCOUNT_DELETED


async def test_another_notice_has_another_digest(apple: Stage) -> None:
    adapter = apple.adapter()
    first = await adapter.read_notice(notice(apple))
    assert first.token_hash == (await adapter.read_notice(notice(apple))).token_hash
    assert first.token_hash != (await adapter.read_notice(notice(apple, jti="notice-2"))).token_hash


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "another.app"},
        {"aud": None},
        {"aud": [WEB]},
        {"iat": None},
        {"iat": "now"},
        {"events": None},
        {"events": "no JSON"},
        {"events": "[]"},
        {"events": "{}"},
        {"events": '{"type": "consent-revoked"}'},
        {"events": json.dumps({"type": "consent-revoked", "sub": "x" * 256})},
        {"events": 7},
    ],
)
async def test_a_notice_that_is_for_another_service_or_says_nothing_is_refused(
    apple: Stage, changes: dict[str, Any]
) -> None:
    """Before any key is looked for."""
    with pytest.raises(InvalidIdToken):
        await apple.adapter().read_notice(notice(apple, **changes))
    assert apple.own.asked == []


@pytest.mark.parametrize("age", [LIFE + timedelta(seconds=1), -timedelta(seconds=62)])
async def test_a_notice_is_accepted_for_a_week(apple: Stage, age: timedelta) -> None:
    issued = int((apple.clock.now() - age).timestamp())
    with pytest.raises(InvalidIdToken):
        await apple.adapter().read_notice(notice(apple, iat=issued))
    almost = int((apple.clock.now() - LIFE).timestamp()) + 1
    assert (await apple.adapter().read_notice(notice(apple, iat=almost))).kind is NoticeKind.CONSENT_REVOKED


async def test_a_notice_that_names_an_end_is_refused_after_it(apple: Stage) -> None:
    ended = int(apple.clock.now().timestamp()) - 61
    with pytest.raises(InvalidIdToken):
        await apple.adapter().read_notice(notice(apple, exp=ended))
    assert (await apple.adapter().read_notice(notice(apple, exp=ended + 120))).subject == "ann"


@pytest.mark.parametrize("header", [{"key": rsa("stranger")}, {"alg": "none"}, {"alg": "HS256"}])
async def test_a_notice_that_the_provider_has_not_signed_is_refused(apple: Stage, header: dict[str, Any]) -> None:
    with pytest.raises(InvalidIdToken):
        await apple.adapter().read_notice(notice(apple, header=dict(header)))
    assert set(apple.own.asked) <= {DISCOVERY, KEYS}


async def test_while_the_provider_is_away_no_notice_is_believed(apple: Stage) -> None:
    apple.own.instead[DISCOVERY] = Response(500)
    with pytest.raises(ProviderUnavailable):
        await apple.adapter().read_notice(notice(apple))
