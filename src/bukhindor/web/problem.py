"""The one shape of every error answer (RFC 9457), with the members that older clients read."""

from http import HTTPStatus

import msgspec

MEDIA_TYPE = "application/problem+json"


class FieldProblem(msgspec.Struct, frozen=True):
    """One field that is not as it should be."""

    field: str
    message: str
    error_code: str


class Problem(msgspec.Struct, frozen=True):
    """`error` repeats `detail` and `code` repeats `status` for older clients; `error_code` is the word to rely on."""

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


def problem(
    status: int,
    error_code: str,
    detail: str,
    *,
    instance: str,
    request_id: str,
    errors: list[FieldProblem] | None = None,
) -> bytes:
    """A problem as JSON."""
    return msgspec.json.encode(
        Problem(
            type="about:blank",
            title=HTTPStatus(status).phrase,
            status=status,
            detail=detail,
            instance=instance,
            error=detail,
            code=status,
            error_code=error_code,
            request_id=request_id,
            errors=msgspec.UNSET if errors is None else errors,
        )
    )
