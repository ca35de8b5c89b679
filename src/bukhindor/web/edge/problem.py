"""The one shape of every error response (RFC 9457), with the members that older clients read."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

import msgspec

MEDIA_TYPE = "application/problem+json"
# JSON is always UTF-8, but some clients take the text of a media type that they don't know for Latin-1 (Dart's http).
CONTENT_TYPE = f"{MEDIA_TYPE}; charset=utf-8"

INTERNAL_ERROR = (500, "internal_error", "Something went wrong on our side; the request id helps us to find out what.")

# RFC 9110 section 15.5, which renamed these; Python knows the new names from 3.13 on.
_RENAMED = {413: "Content Too Large", 414: "URI Too Long", 416: "Range Not Satisfiable", 422: "Unprocessable Content"}


class FieldProblem(msgspec.Struct, frozen=True):
    """One invalid field."""

    field: str
    message: str
    error_code: str


class Problem(msgspec.Struct, frozen=True):
    """`error` repeats `detail` and `code` repeats `status` for older clients; programs should rely on `error_code`.

    `reason` and `until` come with `account_banned` and `account_inactive`: why, and when the account becomes active
    again by itself; null means that there is none. `methods` come with `reauthentication_required`: what the account
    can prove itself with. `mfa_token` and `factors` come with `mfa_required`: what continues the sign-in for five
    minutes, and what it may be continued with.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: str
    code: int
    error_code: str
    request_id: str
    errors: list[FieldProblem] | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType | None = msgspec.UNSET
    until: datetime | msgspec.UnsetType | None = msgspec.UNSET
    methods: list[str] | msgspec.UnsetType = msgspec.UNSET
    mfa_token: str | msgspec.UnsetType = msgspec.UNSET
    factors: list[str] | msgspec.UnsetType = msgspec.UNSET


def phrase_of(status: int) -> str:
    """The name of the status, in every version of Python."""
    return _RENAMED.get(status) or HTTPStatus(status).phrase


def problem(
    status: int,
    error_code: str,
    detail: str,
    *,
    instance: str,
    request_id: str,
    errors: list[FieldProblem] | None = None,
    **members: Any,
) -> bytes:
    """A problem as JSON; `members` are those that only this kind of problem has."""
    return msgspec.json.encode(
        Problem(
            type="about:blank",
            title=phrase_of(status),
            status=status,
            detail=detail,
            instance=instance,
            error=detail,
            code=status,
            error_code=error_code,
            request_id=request_id,
            errors=msgspec.UNSET if errors is None else errors,
            **members,
        )
    )
