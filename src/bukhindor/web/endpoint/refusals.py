"""The refusals that only HTTP knows, with their sentences."""

from collections.abc import Mapping, Sequence


class WebRefusal(Exception):
    """A refusal that only HTTP knows; the core never sees it."""

    status: int
    code: str
    detail: str


class MalformedJson(WebRefusal):
    status = 400
    code = "malformed_json"
    detail = "The body is not a JSON object in UTF-8."


class IncompleteBody(WebRefusal):
    status = 400
    code = "incomplete_body"
    detail = "The connection ended before the body did."


class NoSuchEndpoint(WebRefusal):
    status = 404
    code = "not_found"
    detail = "There is nothing at this address."


class DifferentAuthorizations(WebRefusal):
    status = 400
    code = "different_authorizations"
    detail = "The request has several Authorization headers that differ; send one of them."


class CrossSiteRequest(WebRefusal):
    status = 403
    code = "cross_site_request"
    detail = "A cookie signs in only requests of its own site; send an access token instead."


class FormExpired(WebRefusal):
    status = 403
    code = "form_expired"
    detail = "This page was open for too long, or you have signed in again since. Open it again."


class MethodNotAllowed(WebRefusal):
    status = 405
    code = "method_not_allowed"
    detail = "This address does not answer to this method."

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__()
        self.methods = methods


class BodyTooLarge(WebRefusal):
    status = 413
    code = "body_too_large"
    detail = "The body is too large."


class NotReady(WebRefusal):
    """`problems` names, by part, what is not ready."""

    status = 503
    code = "not_ready"
    detail = "The service can't do its work now."

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__()
        self.problems = problems


class UnsupportedMediaType(WebRefusal):
    status = 415
    code = "unsupported_media_type"
    detail = "Send the body as application/json in UTF-8, not compressed."


class FormExpected(WebRefusal):
    status = 415
    code = "form_expected"
    detail = "Send the body as application/x-www-form-urlencoded."
