"""The schemas of the OpenAPI document: what bodies, queries and responses are made of, under names for their users."""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

from bukhindor.domain.device import AppType
from bukhindor.domain.metadata import MetadataPatch

Json = dict[str, Any]
Shape = type[msgspec.Struct]

_REF = "#/components/schemas/"
_NAMES = {"Status": "UserStatus", "SortBy": "UserSort", "Order": "SortOrder", "AuditType": "AuditEventType"}
_GROWS = "More words may come: treat one that you do not know as its own case, not as an error."
# As a constant of an enumeration, Kotlin has it for itself.
_RESERVED = "name"
_ABSENT: list[tuple[str, object]] = [("default", None), ("default", {})]


def reference(shape: type) -> Json:
    return {"$ref": _REF + _public(shape.__name__)}


def component_schemas(bodies: Iterable[Shape], queries: Iterable[Shape], received: Iterable[Shape]) -> Json:
    """The schemas of what clients send and receive.

    Words that clients send are enumerations. Those that they receive are texts with the words that exist now, so that
    no client fails on the day when there is another one.
    """
    queries = list(queries)
    ours = _drawn([*bodies, *queries, AppType])
    drawn = {name: schema for name, schema in _drawn(received).items() if "enum" not in schema}
    theirs = {name: _open(schema, ours) for name, schema in drawn.items() if name not in ours}
    parts = {query.__name__ for query in queries}
    return {name: schema for name, schema in sorted((ours | theirs).items()) if name not in parts}


def query_schemas(query: Shape) -> dict[str, Json]:
    """The schemas of the parameters in a query string, by name."""
    schemas: dict[str, Json] = _drawn([query])[query.__name__]["properties"]
    return schemas


def words_of(words: Iterable[str]) -> Json:
    """The schema of a text that is one of these words, and in a later version perhaps another."""
    return {"type": "string", "x-extensible-enum": list(words), "description": _GROWS}


def _drawn(shapes: Iterable[type]) -> Json:
    ordered = sorted(set(shapes), key=lambda shape: shape.__name__)
    _, components = msgspec.json.schema_components(ordered, ref_template=_REF + "{name}", schema_hook=_wire_schema)
    for shape in ordered:
        if hasattr(shape, "condition"):
            components[shape.__name__] |= shape.condition.json_schema()
    return {_public(name): _published(schema) for name, schema in components.items()}


def _wire_schema(kind: type) -> Json:
    """The schema of what a domain type is read from."""
    return {"type": "object"} if kind is MetadataPatch else {"type": "string"}


def _public(name: str) -> str:
    return _NAMES.get(name, name.removesuffix("Shape"))


def _published(schema: Any) -> Any:
    """The schema with public names, a type for every enumeration, and no default that says the same as absence."""
    if isinstance(schema, list):
        return [_published(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    published = {key: _published(value) for key, value in schema.items() if (key, value) not in _ABSENT}
    for key in ("$ref", "title"):
        if isinstance(published.get(key), str):
            before, slash, name = published[key].rpartition("/")
            published[key] = before + slash + _public(name)
    if isinstance(published.get("description"), str):
        published["description"] = inspect.cleandoc(published["description"])
    words = published.get("enum")
    if words is None or not isinstance(words, list):
        return published
    if _RESERVED in words:
        published["x-enum-varnames"] = [word.upper() for word in words]
    return {"type": "string", **published}


def _open(schema: Any, components: Json) -> Any:
    """The schema with texts in place of enumerations."""
    if isinstance(schema, list):
        return [_open(part, components) for part in schema]
    if not isinstance(schema, dict):
        return schema
    referred = components.get(str(schema.get("$ref")).removeprefix(_REF), schema)
    if isinstance(referred.get("enum"), list):
        return words_of(referred["enum"])
    return {key: _open(value, components) for key, value in schema.items()}
