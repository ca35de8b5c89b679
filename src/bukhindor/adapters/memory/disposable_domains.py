"""The domains of mailboxes that anyone can open for a few minutes, from the package disposable-email-domains."""

from disposable_email_domains import blocklist

_FEWEST = 3000


def load_disposable_domains() -> frozenset[str]:
    """More than 3,000 domains in ASCII and lower case. Raises RuntimeError for fewer: such a list would stop no one."""
    if len(blocklist) < _FEWEST:
        raise RuntimeError("disposable-email-domains does not contain the list of domains.")
    return frozenset(blocklist)
