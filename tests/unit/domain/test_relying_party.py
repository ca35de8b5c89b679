"""Which pages and apps may use passkeys (WebAuthn Level 3, sections 4 and 5.11)."""

import pytest

from bukhindor.domain.relying_party import RelyingParty


@pytest.mark.parametrize(
    ("origin", "is_covered"),
    [
        ("https://example.com", True),
        ("https://app.example.com", True),
        ("https://a.b.example.com:8443", True),
        ("https://badexample.com", False),
        ("https://example.com.evil.example", False),
        ("https://example.org", False),
        ("android:apk-key-hash:abc", False),
    ],
)
def test_a_page_is_covered_at_the_domain_and_below_it(origin: str, is_covered: bool) -> None:
    assert RelyingParty("example.com", ()).covers(origin) is is_covered


def test_only_pages_on_other_domains_are_related_origins() -> None:
    origins = ("https://app.example.com", "https://example.org", "android:apk-key-hash:abc")
    assert RelyingParty("example.com", origins).related_origins == ("https://example.org",)
