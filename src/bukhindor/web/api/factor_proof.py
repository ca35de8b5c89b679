"""The part of a body that proves a second factor: one of several kinds."""

from typing import Annotated

from msgspec import Meta

from bukhindor.domain.factor import TotpCode
from bukhindor.domain.recovery_code import RecoveryCode

TotpCodeField = Annotated[
    TotpCode,
    Meta(
        extra_json_schema={"minLength": 6, "maxLength": 200},
        description="Six digits from the authenticator app; blanks don't matter",
        examples=["492 039"],
    ),
]
RecoveryCodeField = Annotated[
    RecoveryCode,
    Meta(
        extra_json_schema={"minLength": 10, "maxLength": 200},
        description="One of the recovery codes; case, blanks and hyphens don't matter",
        examples=["K3M9P-7T2QX"],
    ),
]
