"""Why a program can't use a database; each text gives the reason, for people."""


class DatabaseUnusable(Exception):
    """The database can't be opened, or not by this program."""


class SchemaError(DatabaseUnusable):
    """The schema can't be changed as requested, or is not the one that is needed; the text says what to do."""
