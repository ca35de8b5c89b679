"""What keeps a program from a database; each text says why, for people."""


class DatabaseUnusable(Exception):
    """The database can't be opened, or not by this program."""


class SchemaError(DatabaseUnusable):
    """The schema can't be changed as asked, or is not the one that is needed; the text says what to do."""
