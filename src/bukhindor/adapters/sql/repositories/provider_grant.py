"""The sealed form of access at a provider."""

import msgspec

from bukhindor.domain.identity import ProviderGrant

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(ProviderGrant).decode
