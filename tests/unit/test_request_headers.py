"""How the headers of a request are read: as RFC 9110 says, and with patience for what programs write"""

import pytest

from bukhindor.domain.errors import InvalidAccessToken
from bukhindor.domain.origin import Language
from bukhindor.web.edge.headers import read_headers
from bukhindor.web.edge.language import preferred_language, preferred_tag
from bukhindor.web.endpoint.authentication import bearer_token
from bukhindor.web.endpoint.cookies import cookie_named
from bukhindor.web.endpoint.decoding import check_media_type
from bukhindor.web.endpoint.refusals import DifferentAuthorizations, UnsupportedMediaType


def read(*lines: tuple[str, str]) -> dict[str, str]:
    return read_headers((name.encode(), value.encode("utf-8")) for name, value in lines)


@pytest.mark.parametrize("written", ["x ", " x", "\tx\t ", "x"])
def test_white_space_around_a_value_is_no_part_of_it(written: str) -> None:
    """RFC 9110 section 5.5"""
    assert read(("origin", written)) == {"origin": "x"}


@pytest.mark.parametrize(
    ("name", "lines", "value"),
    [
        ("accept-language", ["de", "ru;q=0.5"], "de, ru;q=0.5"),
        ("x-forwarded-for", ["198.51.100.7", "10.0.0.1"], "198.51.100.7, 10.0.0.1"),
        ("cookie", ["a=1", "access_token=t"], "a=1; access_token=t"),
        ("content-type", ["application/json", "application/json"], "application/json"),
        ("content-type", ["application/json", "text/plain"], "application/json, text/plain"),
    ],
)
def test_lines_of_one_name_are_one_value(name: str, lines: list[str], value: str) -> None:
    """RFC 9110 section 5.3, and RFC 9113 section 8.2.3 for cookies."""
    assert read(*((name, line) for line in lines))[name] == value


@pytest.mark.parametrize("written", ["Bearer t", "bearer t", "BEARER  t", "Bearer     t"])
def test_blanks_before_a_bearer_token_do_not_count(written: str) -> None:
    """RFC 9110 section 11.4: one or more."""
    assert bearer_token(written) == "t"


@pytest.mark.parametrize("written", ["", "Bearer", "Basic dXNlcjpw", "t", "Bearer=t", "Bearer\tt", "a, b c"])
def test_anything_else_is_no_bearer_token(written: str) -> None:
    with pytest.raises(InvalidAccessToken):
        bearer_token(written)


@pytest.mark.parametrize(
    "lines",
    [["Bearer a", "Bearer b"], ["Basic dXNlcjpw", "Bearer a"], ["Bearer a", "bearer  a"], ["Bearer a,Bearer b"]],
)
def test_two_different_authorizations_are_refused_and_neither_is_chosen(lines: list[str]) -> None:
    headers = read(*(("authorization", line) for line in lines))
    with pytest.raises(DifferentAuthorizations):
        bearer_token(headers["authorization"])


def test_the_same_authorization_twice_counts_once() -> None:
    headers = read(("authorization", "Bearer a"), ("authorization", "Bearer a "))
    assert bearer_token(headers["authorization"]) == "a"


OTHERS = {
    "JSON": 'prefs={"theme":"dark","tags":["a","b"]}',
    "spaces": "name with blanks=value with blanks",
    "a slash": "a/b=c/d",
    "UTF-8": "город=Алматы",
    "no equals sign": "lonely",
    "no name": "=value",
    "an open quote": 'a="b',
    "a lone quote": '"',
    "a backslash": "a=b\\",
    "a longer name": "access_token2=x",
    "our name within a value": "a=access_token=x",
    "reserved names": "$Version=1; $Path=/; path=/; domain=.example.com; expires=0; secure; httponly; samesite=none",
    "control characters": "a=\x01\x7f",
    "nothing": ";; ;",
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_cookies_of_other_programs_never_hide_ours(other: str) -> None:
    for lines in ([f"{other}; access_token=t"], [f"access_token=t; {other}"], [other, "access_token=t", other]):
        assert cookie_named("access_token", read(*(("cookie", line) for line in lines))["cookie"]) == "t"


@pytest.mark.parametrize("written", ["access_token = t", 'access_token="t"', "\taccess_token=t ;", "access_token=t;x"])
def test_a_cookie_is_found_as_programs_write_it(written: str) -> None:
    assert cookie_named("access_token", written) == "t"


@pytest.mark.parametrize("written", ["", "access_token", "access_token=", 'access_token=""', "Access_Token=t", "x=t"])
def test_a_cookie_that_is_missing_or_empty_is_none(written: str) -> None:
    assert cookie_named("access_token", written) is None


@pytest.mark.parametrize(
    "header", ["ru_RU", "ru_RU.UTF-8", "ru_RU@euro", "ru-RU", "de, ru;Q=0.5", "de;q=0.2, ru_RU; q = 0.9"]
)
def test_dart_and_posix_locales_are_languages(header: str) -> None:
    """Dart's Platform.localeName is `ru_RU`."""
    assert preferred_language(header) is Language.RUSSIAN


@pytest.mark.parametrize(
    ("header", "tag"), [("ru_RU", "ru-RU"), ("pt_BR.UTF-8", "pt-BR"), ("zh_Hant_TW", "zh-Hant-TW")]
)
def test_their_tags_are_stored_with_hyphens(header: str, tag: str) -> None:
    found = preferred_tag(header)
    assert found is not None
    assert found.value == tag


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json", "application/json;", "application/json; ", "application/json;;", "Application/JSON",
        "application/json; charset=utf-8", 'application/json;charset="UTF-8"', "application/json; charset=utf8",
        "application/json; Charset=UTF8", "application/json; charset = utf-8", "application/json;charset=us-ascii",
        "application/json; version=1", 'application/vnd.api+json; profile="a;b, c"; charset=utf-8;',
        "application/json; odata=verbose; charset=utf-8", "application/json; q", "application/problem+json",
    ],
)  # fmt: skip
def test_harmless_parameters_of_a_media_type_pass(media_type: str) -> None:
    check_media_type(media_type, "")


@pytest.mark.parametrize(
    "media_type",
    [
        "", "text/plain", "text/plain; application/json", "application/x-www-form-urlencoded", "multipart/form-data",
        "application/json, text/plain", "text/plain, application/json", "application/json; charset=latin-1",
        "application/json; charset=utf-16", 'application/json; charset="utf-8', "application/json; charset=",
        "application/json; charset=utf-8; charset=utf-16", "application/json text/plain", "json",
        'application/json; a="; charset=utf-16', "application/json; charset='utf-8'",
    ],
)  # fmt: skip
def test_other_media_types_and_encodings_do_not(media_type: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_media_type(media_type, "")


@pytest.mark.parametrize("coding", ["", "identity", "Identity", "identity, identity"])
def test_a_body_that_is_not_compressed_may_say_so(coding: str) -> None:
    check_media_type("application/json", coding)


@pytest.mark.parametrize("coding", ["gzip", "identity, gzip", "br", "x"])
def test_a_compressed_body_is_refused(coding: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        check_media_type("application/json", coding)
