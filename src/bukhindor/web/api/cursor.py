"""Cursors of lists: sealed positions, valid for the query that they came from."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from bukhindor.domain.errors import FieldError, InvalidInput

_SEAL_BYTES = 16
_MAX_LENGTH = 2048
_PATTERN = "^[A-Za-z0-9_-]+={0,2}$"
_SEALED = re.compile(_PATTERN)

CURSOR = "`next_cursor` of the page before, for the same query; any other is refused (`invalid_cursor`)"
CursorField = Annotated[
    str, Meta(extra_json_schema={"maxLength": _MAX_LENGTH, "pattern": _PATTERN}, description=CURSOR)
]

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Cursors:
    key: bytes = field(repr=False)

    def seal(self, position: msgspec.Struct, query: Sequence[Any]) -> str:
        """`query` contains everything that defines the list; the cursor is valid for no other."""
        payload = msgspec.json.encode(position)
        return urlsafe_b64encode(self._mac(payload, query) + payload).decode("ascii")

    def unseal(self, cursor: str, query: Sequence[Any], shape: type[S]) -> S:
        """Opens only what `seal` made, so a client can't choose its content. Raises InvalidInput."""
        invalid = InvalidInput(FieldError("cursor", "This cursor does not belong to this query.", "invalid_cursor"))
        if len(cursor) > _MAX_LENGTH or not _SEALED.fullmatch(cursor):
            raise invalid
        try:
            sealed = urlsafe_b64decode(cursor)
        except ValueError:
            raise invalid from None
        mac, payload = sealed[:_SEAL_BYTES], sealed[_SEAL_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload, query)):
            raise invalid
        return msgspec.json.decode(payload, type=shape)

    def _mac(self, payload: bytes, query: Sequence[Any]) -> bytes:
        return hmac.new(self.key, msgspec.json.encode(query) + b"\n" + payload, sha256).digest()[:_SEAL_BYTES]
