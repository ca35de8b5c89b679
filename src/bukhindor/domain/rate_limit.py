"""How often things may happen."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` of one key within any span of `window`; `name` keeps the keys of several limits apart."""

    name: str
    hits: int
    window: timedelta


SIGN_IN_FAILURES_PER_ACCOUNT = Limit("sign-in-account", 10, timedelta(minutes=15))
SIGN_IN_FAILURES_PER_ADDRESS = Limit("sign-in-ip", 100, timedelta(minutes=15))
REGISTRATIONS_PER_ADDRESS = Limit("register-ip", 30, timedelta(hours=1))
GUESSES_PER_ADDRESS = Limit("guess-ip", 30, timedelta(minutes=5))
MAILS_PER_MINUTE = Limit("mail-minute", 1, timedelta(minutes=1))
MAILS_PER_HOUR = Limit("mail-hour", 5, timedelta(hours=1))
REFUSALS_RECORDED = Limit("refusals-recorded", 10, timedelta(minutes=1))

# NIST SP 800-63B-4 section 3.2.2: no more than this many failures in a row, however long they take.
MAX_CONSECUTIVE_FAILURES = 100
