"""Other people's identities: OpenID Connect Core and Discovery 1.0, OAuth 2.0 as RFC 9700 advises."""
