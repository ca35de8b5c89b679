"""What a failed call says about the server, in words for operators. Contains nothing of the address."""

import re

from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
)
from redis.exceptions import TimeoutError as TimedOut

TOO_SLOW = "the server does not respond in time"
EVICTING = "the server drops keys to make room, and counts with them; give it maxmemory-policy noeviction"
UNREACHABLE = "the server can't be reached"
_LOGIN = "the server requires a login, or refuses the one it gets"

# How a server's error may begin, where the library has no class of its own or an older server wraps the error.
_WORDS = {
    "OOM": "the server is out of memory",
    "READONLY": "the server is a read-only replica",
    "LOADING": "the server is still loading its data",
    "MISCONF": "the server can't save to its disk and refuses writes",
    "MASTERDOWN": "the server is a replica without its primary",
    "NOREPLICAS": "the server has too few replicas and refuses writes",
    "NOAUTH": _LOGIN,
    "WRONGPASS": _LOGIN,
    "NOPERM": "the login may not run the commands for counting: EVAL, EVALSHA, TIME, DEL and commands for lists",
    "MOVED": "the server is one node of a cluster; name an address that leads to all of it",
    "CLUSTERDOWN": "the server's cluster is down",
    "BUSY": "the server is busy with another client's script",
}
_CLASSES: tuple[tuple[type[Exception], str], ...] = (
    (OutOfMemoryError, _WORDS["OOM"]),
    (ReadOnlyError, _WORDS["READONLY"]),
    (BusyLoadingError, _WORDS["LOADING"]),
    (NoPermissionError, _WORDS["NOPERM"]),
    (AuthenticationError, _LOGIN),
    (AuthorizationError, _WORDS["NOPERM"]),
    (TimedOut, TOO_SLOW),
)
_OTHER_REASON = "refused"
_REASONS = {
    TOO_SLOW: "timeout",
    UNREACHABLE: "unreachable",
    EVICTING: "evicting",
    _LOGIN: "login",
    _WORDS["OOM"]: "out_of_memory",
    _WORDS["READONLY"]: "read_only",
}
REASONS = (*_REASONS.values(), _OTHER_REASON)
_WORD = re.compile(r"\b([A-Z]{3,12})\b")


def problem_of(error: Exception) -> str:
    """A sentence without a full stop."""
    for kind, problem in _CLASSES:
        if isinstance(error, kind):
            return problem
    for word in _WORD.findall(str(error)) if isinstance(error, ResponseError) else ():
        if word in _WORDS:
            return _WORDS[word]
    if isinstance(error, ResponseError):
        return "the server refuses to count"
    return UNREACHABLE


def reason_of(problem: str) -> str:
    """One of `REASONS`: a short name for the text of `problem_of`, for metrics."""
    return _REASONS.get(problem, _OTHER_REASON)
