"""What applications keep with an account: small JSON objects that merge patches change."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.errors import InvalidValue
from bukhindor.domain.metadata import MAX_BYTES, Metadata, MetadataPatch

EMPTY = Metadata()


def patched(document: dict[str, Any], patch: dict[str, Any]) -> Any:
    """What a patch makes of a document."""
    kept = EMPTY.patched(MetadataPatch.parse(document))
    return json.loads(kept.patched(MetadataPatch.parse(patch)).text)


def refusal(members: dict[str, Any]) -> InvalidValue:
    with pytest.raises(InvalidValue) as refused:
        EMPTY.patched(MetadataPatch.parse(members))
    assert refused.value.kind is MetadataPatch
    return refused.value


@pytest.mark.parametrize(
    ("document", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": 1}, {"a": 1}, {"e": 1, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": "b"}, {"a": {"c": 1}}, {"a": {"c": 1}}),
        ({}, {"a": [None, {"b": None}]}, {"a": [None, {"b": None}]}),
    ],
)
def test_a_patch_is_merged_as_the_standard_says(document: Any, patch: Any, result: Any) -> None:
    """RFC 7396, appendix A; null removes a member, within arrays it is a value."""
    assert patched(document, patch) == result


def test_the_text_is_short_and_keeps_the_order() -> None:
    patch = MetadataPatch.parse({"тема": "тёмная", "n": 1.5, "on": True})
    assert EMPTY.patched(patch).text == '{"тема":"тёмная","n":1.5,"on":true}'


def test_a_document_has_at_most_4_kib_of_json() -> None:
    room = "x" * (MAX_BYTES - len('{"a":""}'))
    assert len(EMPTY.patched(MetadataPatch.parse({"a": room})).text) == MAX_BYTES
    refused = refusal({"a": room + "x"})
    assert (refused.message, refused.code) == ("Written as JSON this must have at most 4096 bytes.", "too_long")
    assert refusal({"a": "ж" * (len(room) // 2 + 1)}).code == "too_long"


def test_what_is_large_is_made_smaller_by_a_patch() -> None:
    """The size of the result decides."""
    assert patched({"a": "x" * 4000}, {"a": None, "b": "y" * 4000}) == {"b": "y" * 4000}


@pytest.mark.parametrize("deepest", [[], {}])
def test_objects_and_arrays_are_nested_in_at_most_five_levels(deepest: object) -> None:
    five: dict[str, Any] = {"1": {"2": [{"4": deepest}]}}
    assert patched({}, five) == five
    refused = refusal({"0": five})
    assert (refused.message, refused.code) == (
        "Objects and arrays must not be nested more than 5 levels deep.",
        "too_deep",
    )


def test_deep_nesting_is_refused_before_it_is_followed() -> None:
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"a": nested}
    assert refusal(nested).code == "too_deep"


@pytest.mark.parametrize(
    "members", [{"a": "\x00"}, {"a\x00": 1}, {"a": {"b": ["\\\x00"]}}, {"a": "\ud800"}, {"\udfff": 1}]
)
def test_what_no_database_holds_is_refused(members: dict[str, Any]) -> None:
    message = "This can't contain NUL characters or halves of characters."
    assert (refusal(members).message, refusal(members).code) == (message, "invalid_characters")


@pytest.mark.parametrize("text", ["\\u0000", "\\", "\x01", "🙂", "\u202e", "</script>"])
def test_any_other_text_is_kept_as_it_is(text: str) -> None:
    assert patched({}, {"a": text}) == {"a": text}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)


@given(st.dictionaries(st.text(), _json))
def test_any_object_is_kept_or_refused(members: dict[str, Any]) -> None:
    try:
        kept = EMPTY.patched(MetadataPatch.parse(members))
    except InvalidValue:
        return
    assert len(kept.text.encode()) <= MAX_BYTES
    assert kept.patched(MetadataPatch.parse(members)) == kept
