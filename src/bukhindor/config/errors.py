"""Why the start stops: every bad value at once, each on a line of its own."""

from collections.abc import Sequence


class ConfigurationError(Exception):
    """The configuration can't be used.

    `problems` are complete lines for people: each names the variable, says what is wrong and shows a valid value.
    `hints` are lines about possible causes: variables with unknown names. Neither contains the value of a secret.
    """

    def __init__(self, problems: Sequence[str], hints: Sequence[str] = ()) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
        self.hints = tuple(hints)
