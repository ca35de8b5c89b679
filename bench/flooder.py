"""Sign in from one address as fast as it is answered: `python -m bench.flooder PORT SECONDS FIRST`.

Uses the accounts FIRST to FIRST + 29. Prints {"succeeded", "refused"}.
"""

import json
import random
import sys
from itertools import cycle

from bench.accounts import PASSWORD, email_of
from bench.clients import SigningIn
from bench.load import drive

_ADDRESS = "198.51.100.7"
_ACCOUNTS = 30
_CONNECTIONS = 300


class Flooding(SigningIn):
    """Told to come back after some seconds, comes back after up to twice as many.

    Otherwise all that are refused in one moment come back in one moment, and what is measured is that burst.
    """

    def answer(self, status: int, head: bytes, body: bytes) -> float:
        return super().answer(status, head, body) * random.uniform(1, 2)


def main(port: int, seconds: float, first: int) -> dict[str, int]:
    emails = cycle([email_of(first + number) for number in range(_ACCOUNTS)])
    clients = [Flooding(emails, PASSWORD, _ADDRESS) for _ in range(_CONNECTIONS)]
    result = drive(port, clients, seconds)
    unexpected = set(result.statuses) - {200, 503}
    if unexpected:
        raise RuntimeError(f"sign-ins of the flood answered {dict(result.statuses)}")
    return {"succeeded": result.succeeded, "refused": result.statuses[503]}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))))
