"""Language tags: what is one, what it falls back to, and which of our own languages its readers get."""

import pytest

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.language import LanguageTag, tag_of
from bukhindor.domain.origin import Language


@pytest.mark.parametrize(
    ("raw", "tag"),
    [
        ("ru", "ru"),
        ("RU", "ru"),
        ("kk-kz", "kk-KZ"),
        ("ZH-HANT-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("de-CH-1996", "de-CH-1996"),
        ("zh-cmn-hans-cn", "zh-cmn-Hans-CN"),
        ("en-us-u-CA-buddhist", "en-US-u-ca-buddhist"),
        ("az-arab-x-az-AZE-derbend", "az-Arab-x-az-aze-derbend"),
    ],
)
def test_a_tag_is_kept_in_its_usual_case(raw: str, tag: str) -> None:
    assert LanguageTag.parse(raw).value == tag
    assert str(LanguageTag.parse(tag)) == tag


@pytest.mark.parametrize(
    "raw",
    ["", "*", "r", "ru_RU", "ru-", "-ru", "русский", "ru RU", "ru\n", "ru-RU-RU-RU", "1ru", "en-x", "x" * 36, "ru\x00"],
)
def test_what_is_no_tag_is_refused(raw: str) -> None:
    with pytest.raises(InvalidValue) as refused:
        LanguageTag.parse(raw)
    message = "This is not a language tag such as ru or pt-BR."
    assert (refused.value.message, refused.value.code) == (message, "invalid_language")


def test_a_tag_has_at_most_35_characters() -> None:
    longest = "en-x-" + "abcdefgh-" * 3 + "abc"
    assert LanguageTag.parse(longest).value == longest
    with pytest.raises(InvalidValue):
        LanguageTag.parse(longest + "d")


@pytest.mark.parametrize(
    ("tag", "lookup"),
    [
        ("kk", ["kk"]),
        ("kk-KZ", ["kk-KZ", "kk"]),
        ("zh-Hant-TW", ["zh-Hant-TW", "zh-Hant", "zh"]),
        ("en-US-x-old", ["en-US-x-old", "en-US", "en"]),
    ],
)
def test_a_tag_falls_back_from_its_end(tag: str, lookup: list[str]) -> None:
    """No tag ends with the letter that opens an extension (RFC 4647 section 3.4)."""
    assert list(LanguageTag(tag).lookup) == lookup


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("ru", Language.RUSSIAN),
        ("ru-KZ", Language.RUSSIAN),
        ("kk-KZ", Language.RUSSIAN),
        ("uz-Cyrl", Language.RUSSIAN),
        ("en", Language.ENGLISH),
        ("de-AT", Language.ENGLISH),
        ("rus", Language.ENGLISH),
    ],
)
def test_readers_get_the_closest_of_our_languages(tag: str, language: Language) -> None:
    assert LanguageTag(tag).closest is language


@pytest.mark.parametrize("language", Language)
def test_our_own_languages_are_closest_to_themselves(language: Language) -> None:
    assert tag_of(language) == LanguageTag.parse(language.value)
    assert tag_of(language).closest is language
