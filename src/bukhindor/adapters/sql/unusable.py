"""Why a program can't use a database; each text gives the reason, for people."""


class DatabaseUnusable(Exception):
    """The database can't be opened, or not by this program. `advice` is what to do, "" when the reason says it."""

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(*filter(None, (reason, advice)))
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.reason} {self.advice}".rstrip()


class SchemaError(DatabaseUnusable):
    """The schema can't be changed as requested, or is not the one that is needed; the text says what to do."""
