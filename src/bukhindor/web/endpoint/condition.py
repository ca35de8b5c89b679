"""Rules about several fields of a body: one declaration for the decoder and for the document of the API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import msgspec

from bukhindor.domain.errors import FieldError, InvalidInput

Json = dict[str, Any]

# Stands for every value but null.
GIVEN = object()
_MISSING: Json = {"type": "null"}


class Breach(Enum):
    CONFLICT = auto()
    EXCESS = auto()
    LACK = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """If a field has the value in `when`, every other field there has its value or is missing, and the fields of
    `without` are missing. Otherwise all fields of `otherwise` are given. null counts as missing.

    The domain refuses a breach that has no fault here.
    """

    when: Mapping[str, object]
    without: tuple[str, ...]
    otherwise: tuple[str, ...] = ()
    faults: Mapping[Breach, FieldError] = field(default_factory=dict)

    def check(self, body: msgspec.Struct) -> None:
        """Raise InvalidInput with the fault of a breach."""
        breach = self._breach_in(body)
        fault = None if breach is None else self.faults.get(breach)
        if fault is not None:
            raise InvalidInput(fault)

    def _breach_in(self, body: msgspec.Struct) -> Breach | None:
        given = {name for name in body.__struct_fields__ if getattr(body, name) is not None}
        fitting = {name for name in given & set(self.when) if self.when[name] in (GIVEN, getattr(body, name))}
        if not fitting:
            return None if set(self.otherwise) <= given else Breach.LACK
        if given & set(self.when) != fitting:
            return Breach.CONFLICT
        return Breach.EXCESS if given & set(self.without) else None

    def json_schema(self) -> Json:
        """The same rule in JSON Schema, with `if`, which client generators ignore.

        From `oneOf`, some of them make one class that requires the fields of every alternative.
        """
        cases: list[Json] = [{"required": [name], "properties": {name: _has(self.when[name])}} for name in self.when]
        then: Json = {name: {"anyOf": [_has(self.when[name]), _MISSING]} for name in self.when if len(cases) > 1}
        then |= dict.fromkeys(self.without, _MISSING)
        schema: Json = {"if": cases[0] if len(cases) == 1 else {"anyOf": cases}, "then": {"properties": then}}
        if self.otherwise:
            given = {name: _has(GIVEN) for name in self.otherwise}
            schema["else"] = {"required": list(self.otherwise), "properties": given}
        return schema


def _has(value: object) -> Json:
    return {"not": _MISSING} if value is GIVEN else {"const": value}


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of `fields` is given; null counts as missing. A fault names the first of them."""

    fields: tuple[str, ...]

    def check(self, body: msgspec.Struct) -> None:
        """Raise InvalidInput unless exactly one is given."""
        given = [name for name in self.fields if getattr(body, name) is not None]
        listed = ", ".join(self.fields)
        if not given:
            raise InvalidInput(FieldError(self.fields[0], f"Give one of these: {listed}.", "required"))
        if len(given) > 1:
            raise InvalidInput(FieldError(given[0], f"Give only one of these: {listed}.", "contradiction"))

    def json_schema(self) -> Json:
        """The same rule in JSON Schema: a chain of `if`, for the reason that `Condition` gives."""
        *before, last = self.fields
        schema: Json = {"required": [last], "properties": {last: _has(GIVEN)}}
        for number, name in reversed(list(enumerate(before))):
            case: Json = {"required": [name], "properties": {name: _has(GIVEN)}}
            others = dict.fromkeys(self.fields[number + 1 :], _MISSING)
            schema = {"if": case, "then": {"properties": others}, "else": schema}
        return schema
