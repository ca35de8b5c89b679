"""How a mail is written down before it is sealed: as JSON, its recipient's address in an object of its own."""

from typing import Any, TypeVar

import msgspec

Content = TypeVar("Content")


def encode(content: Any) -> bytes:
    return msgspec.json.encode(content, enc_hook=_to_object)


def decoder(kind: type[Content]) -> msgspec.json.Decoder[Content]:
    return msgspec.json.Decoder(kind, dec_hook=_from_object)


def _to_object(address: Any) -> dict[str, str]:
    return {"value": address.value}


def _from_object(kind: type, stored: Any) -> Any:
    return kind(msgspec.convert(stored, dict[str, str])["value"])
