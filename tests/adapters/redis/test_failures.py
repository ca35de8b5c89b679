"""What is said of a server that fails, for answers that are hard to bring about."""

import pytest
from redis.exceptions import BusyLoadingError, RedisError, ResponseError
from redis.exceptions import ConnectionError as NotConnected

from bukhindor.adapters.redis.failures import problem_of


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (BusyLoadingError("LOADING Redis is loading the dataset in memory"), "the server is still loading its data"),
        (
            ResponseError("MOVED 3999 127.0.0.1:6381"),
            "the server is one node of a cluster; name an address that leads to all of it",
        ),
        (ResponseError("MASTERDOWN Link with MASTER is down"), "the server is a replica without its primary"),
        (
            ResponseError(
                "Error running script: @user_script: 30: -READONLY You can't write against a read only replica."
            ),
            "the server is a read-only replica",
        ),
        (ResponseError("WRONGTYPE Operation against a key"), "the server refuses to count"),
        (NotConnected("Error 111 connecting to secret.example.com:6379."), "the server can't be reached"),
        (RedisError("secret"), "the server can't be reached"),
        (RuntimeError("secret"), "the server can't be reached"),
    ],
)
def test_it_is_said_in_words_that_repeat_nothing(error: Exception, problem: str) -> None:
    assert problem_of(error) == problem
