"""How often something may happen: every limit of the product, with its default figure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

_WIDER_NETWORK_FACTOR = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `hits` of one key within any span of `window`.

    `name` separates the keys of several limits. It is also the name under which an operator sets another figure.
    """

    name: str
    hits: int
    window: timedelta

    def for_wider_network(self) -> "Limit":
        """The limit for the IPv4 /24 or IPv6 /48 around a client's network: five times as much."""
        return Limit(f"{self.name}_wider", self.hits * _WIDER_NETWORK_FACTOR, self.window)


_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# For each kind of attempt: with a device proof, from a familiar network, as a stranger, from a mailed link.
FAILED_SIGN_INS_PER_ACCOUNT = Limit("failed_sign_ins_per_account", 10, 15 * _MINUTE)
FAILED_SIGN_INS_PER_NETWORK = Limit("failed_sign_ins_per_network", 100, 15 * _MINUTE)
PASSWORD_PROMPTS_PER_SESSION = Limit("password_prompts_per_session", 10, 15 * _MINUTE)
SECOND_FACTORS_PER_ACCOUNT = Limit("second_factors_per_account", 5, 15 * _MINUTE)
REGISTRATIONS_PER_NETWORK = Limit("registrations_per_network", 30, _HOUR)
GUESTS_PER_NETWORK = Limit("guests_per_network", 30, _HOUR)
# For each device id within a network: an app that makes a guest at every start is stopped before its neighbours are.
GUESTS_PER_DEVICE = Limit("guests_per_device", 5, _HOUR)
MAILS_PER_NETWORK = Limit("mails_per_network", 20, _MINUTE)
MAILS_PER_NETWORK_AND_DAY = Limit("mails_per_network_and_day", 500, _DAY)
MAILS_PER_MAILBOX = Limit("mails_per_mailbox", 1, _MINUTE)
MAILS_PER_MAILBOX_AND_HOUR = Limit("mails_per_mailbox_and_hour", 5, _HOUR)
GUESSES_PER_NETWORK = Limit("guesses_per_network", 30, 5 * _MINUTE)
WRONG_CODES_PER_ACCOUNT = Limit("wrong_codes_per_account", 10, _DAY)
REFRESHES_PER_SESSION = Limit("refreshes_per_session", 60, 5 * _MINUTE)
REFUSED_REFRESHES_PER_NETWORK = Limit("refused_refreshes_per_network", 100, 15 * _MINUTE)
REFUSED_PASSKEYS_PER_NETWORK = Limit("refused_passkeys_per_network", 100, 15 * _MINUTE)
IDENTITY_STARTS_PER_NETWORK = Limit("identity_starts_per_network", 300, 15 * _MINUTE)
REFUSED_IDENTITIES_PER_NETWORK = Limit("refused_identities_per_network", 100, 15 * _MINUTE)
REFUSED_SERVICE_KEYS_PER_NETWORK = Limit("refused_service_keys_per_network", 100, 15 * _MINUTE)
EXPORTS_PER_ACCOUNT = Limit("exports_per_account", 10, _HOUR)
REFUSALS_RECORDED = Limit("refusals_recorded", 10, _MINUTE)

DEFAULT_LIMITS = (
    FAILED_SIGN_INS_PER_ACCOUNT,
    FAILED_SIGN_INS_PER_NETWORK,
    PASSWORD_PROMPTS_PER_SESSION,
    SECOND_FACTORS_PER_ACCOUNT,
    REGISTRATIONS_PER_NETWORK,
    GUESTS_PER_NETWORK,
    GUESTS_PER_DEVICE,
    MAILS_PER_NETWORK,
    MAILS_PER_NETWORK_AND_DAY,
    MAILS_PER_MAILBOX,
    MAILS_PER_MAILBOX_AND_HOUR,
    GUESSES_PER_NETWORK,
    WRONG_CODES_PER_ACCOUNT,
    REFRESHES_PER_SESSION,
    REFUSED_REFRESHES_PER_NETWORK,
    REFUSED_PASSKEYS_PER_NETWORK,
    IDENTITY_STARTS_PER_NETWORK,
    REFUSED_IDENTITIES_PER_NETWORK,
    REFUSED_SERVICE_KEYS_PER_NETWORK,
    EXPORTS_PER_ACCOUNT,
    REFUSALS_RECORDED,
)

# NIST SP 800-63B-4 section 3.2.2: no more than this many failures in a row, however long they take.
MAX_CONSECUTIVE_FAILURES = 100


class Limits:
    """The effective limits: the defaults, with an operator's figures in their place."""

    def __init__(self, *changed: Limit) -> None:
        in_force = {limit.name: limit for limit in (*DEFAULT_LIMITS, *changed)}
        self._in_force = tuple(in_force.values())
        wider = (limit.for_wider_network() for limit in self._in_force)
        self._by_name = in_force | {limit.name: limit for limit in wider}

    def in_force(self, limit: Limit) -> Limit:
        """The effective limit in place of a default one, or of a default one for a wider network."""
        return self._by_name.get(limit.name, limit)

    def __iter__(self) -> Iterator[Limit]:
        return iter(self._in_force)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limits) and self._in_force == other._in_force

    def __hash__(self) -> int:
        return hash(self._in_force)
