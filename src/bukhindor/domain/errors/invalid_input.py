"""What is wrong with a value that a client or the operator has sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One problem of one input field: the field's name in the request, a sentence for people, a code for programs."""

    field: str
    message: str
    code: str


class InvalidValue(ValueError):
    """A value does not follow the rules of its kind: a sentence for people, a word for machines.

    The domain knows the kind. The caller that read the value knows the name of its field, and makes an InvalidInput.
    """

    def __init__(self, kind: type, message: str, code: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.code = code
