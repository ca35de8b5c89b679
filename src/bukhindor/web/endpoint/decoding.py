"""Request bodies and query strings → typed structs, with every problem reported."""

import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args
from urllib.parse import parse_qs, parse_qsl

import msgspec

from bukhindor.domain.errors import FieldError, InvalidInput, InvalidValue
from bukhindor.domain.metadata import MetadataPatch
from bukhindor.domain.password import NewPassword
from bukhindor.web.endpoint.refusals import FormExpected, MalformedJson, UnsupportedMediaType

S = TypeVar("S", bound=msgspec.Struct)
CheckPassword = Callable[[NewPassword], None]

_MAX_QUERY_PARAMETERS = 50
# What a domain type is read from, where that is not a text.
_WIRE_TYPES: dict[type, Any] = {MetadataPatch: dict[str, Any]}
_MAX_FORM_FIELDS = 1000
_JSON = re.compile(r"application/(?:[a-z0-9!#$&^_.+-]+\+)?json")
_PARAMETER = re.compile(
    r';[ \t]*(?:(?P<name>[^\s;,="]+)[ \t]*(?:=[ \t]*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s;,"]*))[ \t]*)?)?'
)
_NOT_COMPRESSED = frozenset({"", "identity"})
# ASCII is a part of it.
_UTF_8 = frozenset({"utf-8", "utf8", "us-ascii"})
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def check_media_type(content_type: str, content_encoding: str) -> None:
    """Raise UnsupportedMediaType unless the body is plain JSON.

    A form or plain text body would let other sites' pages post without a preflight (CVE-2021-32677).
    """
    if content_type == "application/json" and not content_encoding:
        return
    _, semicolon, parameters = content_type.partition(";")
    codings = {coding.strip().lower() for coding in content_encoding.split(",")}
    if not is_json(content_type) or not codings <= _NOT_COMPRESSED or not _charsets(semicolon + parameters) <= _UTF_8:
        raise UnsupportedMediaType


def is_json(content_type: str) -> bool:
    """Whether this is the media type of a JSON text."""
    return _JSON.fullmatch(content_type.partition(";")[0].strip().lower()) is not None


def _charsets(parameters: str) -> set[str]:
    """The charsets in the parameters of a media type (RFC 9110 section 5.6.6). Raises UnsupportedMediaType.

    Other parameters do not change what a JSON text means. A semicolon may stand without one.
    """
    charsets = set()
    position = 0
    while position < len(parameters):
        parameter = _PARAMETER.match(parameters, position)
        if parameter is None:
            raise UnsupportedMediaType
        if (parameter["name"] or "").lower() == "charset":
            charsets.add((parameter["quoted"] or parameter["plain"] or "").lower())
        position = parameter.end()
    return charsets


def decode(raw: bytes, shape: type[S], check_password: CheckPassword | None = None) -> S:
    """Decode JSON strictly: unknown keys are ignored, a known key of the wrong type is refused.

    When a field is refused, `check_password` looks at a new password in another field, so that a person reads about all
    of them at once. Otherwise the use case checks it.

    Raises MalformedJson, or InvalidInput that names every invalid field.
    """
    try:
        # The decoder does not look into texts that it skips.
        raw.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedJson from None
    try:
        return msgspec.json.decode(raw, type=shape, dec_hook=domain_value)
    except msgspec.ValidationError:
        fields = _decode_untyped(raw)
    except _UNREADABLE:
        raise MalformedJson from None
    if not isinstance(fields, dict):
        raise MalformedJson
    raise InvalidInput(*_problems(fields, shape, strict=True, check_password=check_password))


def _decode_untyped(raw: bytes) -> Any:
    # The typed decoder stops at the first value of a wrong type, so the rest may not even be JSON.
    try:
        return msgspec.json.decode(raw)
    except _UNREADABLE:
        raise MalformedJson from None


def decode_form(raw: bytes, content_type: str, shape: type[S]) -> S:
    """Decode a browser's form (WHATWG URL, application/x-www-form-urlencoded).

    When a field is given twice, the first counts; unknown fields are ignored. A body that no form can produce counts as
    empty. Raises FormExpected, InvalidInput.
    """
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise FormExpected
    try:
        fields = parse_qs(raw.decode("latin-1"), True, errors="strict", max_num_fields=_MAX_FORM_FIELDS)
    except ValueError:
        fields = {}
    return _convert({name: values[0] for name, values in fields.items()}, shape)


def decode_query(raw: bytes, shape: type[S]) -> S:
    """Decode a query string. A parameter may be given once. Unknown ones are ignored, unless the shape forbids them.

    Raises InvalidInput.
    """
    try:
        pairs = parse_qsl(raw.decode("latin-1"), True, errors="strict", max_num_fields=_MAX_QUERY_PARAMETERS)
    except ValueError:
        raise InvalidInput(FieldError("query", "The query string can't be read.", "invalid_query")) from None
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values and name in shape.__struct_encode_fields__:
            raise InvalidInput(FieldError(name, "This parameter is given twice.", "repeated"))
        values[name] = value
    return _convert(values, shape)


def _convert(values: dict[str, str], shape: type[S]) -> S:
    try:
        return msgspec.convert(values, type=shape, strict=False, dec_hook=domain_value)
    except msgspec.ValidationError:
        raise InvalidInput(*_problems(values, shape, strict=False)) from None


def _problems(
    values: dict[str, Any],
    shape: type[msgspec.Struct],
    *,
    strict: bool,
    check_password: CheckPassword | None = None,
) -> list[FieldError]:
    problems = []
    if shape.__struct_config__.forbid_unknown_fields:
        unknown = [name for name in values if name not in shape.__struct_encode_fields__]
        message = f"This parameter does not exist; there are: {', '.join(shape.__struct_encode_fields__)}."
        problems += [FieldError(name, message, "unknown_parameter") for name in unknown]
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in values:
            if field.required:
                problems.append(FieldError(field.encode_name, "This is required.", "required"))
            continue
        try:
            value = msgspec.convert(values[field.encode_name], type=field.type, strict=strict, dec_hook=domain_value)
            if check_password is not None and isinstance(value, NewPassword):
                check_password(value)
        except InvalidValue as invalid:
            problems.append(field_error(field.encode_name, invalid))
        except msgspec.ValidationError as error:
            if isinstance(error.__cause__, InvalidValue):
                problems.append(field_error(field.encode_name, error.__cause__))
            else:
                # The message names types and limits, never the value.
                problems.append(FieldError(field.encode_name, f"{error}.", "invalid_value"))
    return problems


def domain_value(kind: Any, raw: Any) -> Any:
    """Return the value of a domain type that a shape holds. Raises InvalidValue."""
    return kind.parse(msgspec.convert(raw, _WIRE_TYPES.get(kind, str)))


def field_error(field: str, invalid: InvalidValue) -> FieldError:
    return FieldError(field, invalid.message, invalid.code)


def field_of(kind: type, shape: type[msgspec.Struct]) -> str:
    """Return the name of the field of `shape` that holds a value of this domain type; empty when none does."""
    return next((field.encode_name for field in msgspec.structs.fields(shape) if _holds(field.type, kind)), "")


def _holds(annotation: Any, kind: type) -> bool:
    return annotation is kind or any(_holds(part, kind) for part in get_args(annotation))
