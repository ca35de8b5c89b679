"""Second factors, passkeys and accounts at other providers."""

from bukhindor.domain.act import Act
from bukhindor.domain.errors import (
    EmailNotVerified,
    EmailRequired,
    FactorConfirmed,
    FactorNotFound,
    IdentityEmailNotVerified,
    IdentityNotFound,
    IdentityTaken,
    IncorrectFactor,
    InvalidAuthorizationCode,
    InvalidGuestToken,
    InvalidIdToken,
    InvalidInput,
    InvalidPasskey,
    InvalidWebFlow,
    LastSignInMethod,
    MfaRequired,
    NoFactor,
    PasskeyNotAccepted,
    PasskeyNotFound,
    ProviderNotFound,
    ProviderUnavailable,
    ReauthenticationRequired,
    RedirectNotAllowed,
    RegistrationClosed,
    StoreUnavailable,
    TooManyFactors,
    TooManyIdentities,
    TooManyPasskeys,
)
from bukhindor.domain.rate_limit import REFUSED_PASSKEYS_PER_NETWORK
from bukhindor.services.identities import Identities
from bukhindor.services.identity_sign_in import IdentitySignIn
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.services.passkey_sign_in import PasskeySignIn
from bukhindor.services.provider_notices import ProviderNotices
from bukhindor.services.second_factors import SecondFactors
from bukhindor.web.addresses import IDENTITY_SIGN_IN, identity_callback
from bukhindor.web.api import (
    identities,
    identity_sign_in,
    identity_web_flow,
    passkey_sign_in,
    passkeys,
    provider_notices,
    second_factors,
)
from bukhindor.web.api.routes.auth import CLOSED
from bukhindor.web.endpoint.limits import IDENTITY_STARTS, REFUSED_IDENTITIES, Counted, NetworkLimit
from bukhindor.web.endpoint.row import Access, BrowserEndpoint, Endpoint

_ANYONE, _SIGNED_IN = Access.ANYONE, Access.SIGNED_IN
_REFUSED_PASSKEYS = NetworkLimit(REFUSED_PASSKEYS_PER_NETWORK, Counted.REFUSALS)

# fmt: off
FACTORS = (
    Endpoint("GET", "/auth/factors", second_factors.list_factors, _SIGNED_IN, "Factors", rules=SecondFactors.overview,
             accepts_single_factor=True),
    Endpoint("POST", "/auth/factors/totp", second_factors.add_totp, _SIGNED_IN, "Factors", 201,
             refuses=(EmailRequired, TooManyFactors, ReauthenticationRequired), rules=SecondFactors.add_totp,
             acts=(Act.ADD_FACTOR,), accepts_single_factor=True),
    Endpoint("POST", "/auth/factors/{factor_id}/confirm", second_factors.confirm_factor, _SIGNED_IN, "Factors",
             refuses=(FactorNotFound, FactorConfirmed, IncorrectFactor, TooManyFactors, ReauthenticationRequired),
             rules=SecondFactors.confirm, acts=(Act.ADD_FACTOR,), keeps_response=True,
             accepts_single_factor=True),
    Endpoint("DELETE", "/auth/factors/{factor_id}", second_factors.remove_factor, _SIGNED_IN, "Factors",
             refuses=(FactorNotFound, ReauthenticationRequired), rules=SecondFactors.remove, acts=(Act.REMOVE_FACTOR,),
             accepts_single_factor=True),
    Endpoint("POST", "/auth/recovery-codes", second_factors.renew_recovery_codes, _SIGNED_IN, "Factors",
             refuses=(NoFactor, ReauthenticationRequired), rules=SecondFactors.renew_recovery_codes,
             acts=(Act.RENEW_RECOVERY_CODES,), keeps_response=True,
             accepts_single_factor=True),
)
PASSKEYS = (
    Endpoint("POST", "/auth/passkeys/sign-in/options", passkey_sign_in.passkey_sign_in_options, _ANYONE, "Sign-in",
             rules=PasskeySignIn.options),
    Endpoint("POST", "/auth/passkeys/sign-in", passkey_sign_in.sign_in_with_passkey, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidPasskey, *CLOSED, EmailNotVerified),
             limits=(_REFUSED_PASSKEYS,), rules=PasskeySignIn.sign_in, starts_session=True),
    Endpoint("POST", "/auth/passkeys/options", passkeys.passkey_options, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, TooManyPasskeys), rules=PasskeyAdministration.options,
             acts=(Act.ADD_PASSKEY,), accepts_single_factor=True),
    Endpoint("POST", "/auth/passkeys", passkeys.add_passkey, _SIGNED_IN, "Passkeys", 201,
             refuses=(ReauthenticationRequired, PasskeyNotAccepted, TooManyPasskeys), rules=PasskeyAdministration.add,
             acts=(Act.ADD_PASSKEY,), accepts_single_factor=True),
    Endpoint("GET", "/auth/passkeys", passkeys.list_passkeys, _SIGNED_IN, "Passkeys",
             rules=PasskeyAdministration.list, accepts_single_factor=True),
    Endpoint("PATCH", "/auth/passkeys/{passkey_id}", passkeys.rename_passkey, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, PasskeyNotFound), rules=PasskeyAdministration.rename,
             acts=(Act.RENAME_PASSKEY,)),
    Endpoint("DELETE", "/auth/passkeys/{passkey_id}", passkeys.remove_passkey, _SIGNED_IN, "Passkeys",
             refuses=(ReauthenticationRequired, PasskeyNotFound, LastSignInMethod), rules=PasskeyAdministration.remove,
             acts=(Act.REMOVE_PASSKEY,)),
)
IDENTITIES = (
    Endpoint("POST", "/auth/identities/{provider}/token", identity_sign_in.sign_in_with_id_token, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, ProviderNotFound, InvalidIdToken, IdentityEmailNotVerified,
                      ProviderUnavailable, RegistrationClosed, *CLOSED, EmailNotVerified, MfaRequired),
             limits=(REFUSED_IDENTITIES,), rules=IdentitySignIn.by_token, starts_session=True),
    BrowserEndpoint("GET", "/auth/identities/{provider}/start", identity_web_flow.start_identity_sign_in, _ANYONE,
                    "Sign-in", 302, refuses=(ProviderNotFound, ProviderUnavailable, RedirectNotAllowed, InvalidInput),
                    limits=(IDENTITY_STARTS,), rules=IdentityWebFlow.start),
    BrowserEndpoint("GET", identity_callback("{provider}"), identity_web_flow.complete_identity_sign_in, _ANYONE,
                    "Sign-in", 302, refuses=(ProviderNotFound, InvalidWebFlow, InvalidInput, StoreUnavailable),
                    limits=(REFUSED_IDENTITIES,), rules=IdentityWebFlow.complete, refusals=IDENTITY_SIGN_IN),
    BrowserEndpoint("POST", identity_callback("{provider}"), identity_web_flow.receive_identity_form, _ANYONE,
                    "Sign-in", 303, refuses=(ProviderNotFound,)),
    Endpoint("POST", "/auth/identities/exchange", identity_sign_in.exchange_identity_code, _ANYONE, "Sign-in",
             refuses=(InvalidGuestToken, InvalidAuthorizationCode, IdentityEmailNotVerified, RegistrationClosed,
                      *CLOSED, EmailNotVerified, MfaRequired),
             limits=(REFUSED_IDENTITIES,), rules=IdentitySignIn.by_code, starts_session=True),
    Endpoint("POST", "/auth/identities/apple/notifications", provider_notices.receive_apple_notification, _ANYONE,
             "Service", refuses=(ProviderNotFound, InvalidIdToken, ProviderUnavailable), limits=(REFUSED_IDENTITIES,),
             rules=ProviderNotices.receive),
    Endpoint("GET", "/auth/identities", identities.list_identities, _SIGNED_IN, "Identities", rules=Identities.own),
    Endpoint("POST", "/auth/identities/{identity}", identities.link_identity, _SIGNED_IN, "Identities", 201,
             refuses=(ReauthenticationRequired, ProviderNotFound, InvalidIdToken, ProviderUnavailable, IdentityTaken,
                      TooManyIdentities),
             limits=(REFUSED_IDENTITIES,), rules=Identities.link, acts=(Act.LINK_IDENTITY,)),
    Endpoint("DELETE", "/auth/identities/{identity}", identities.unlink_identity, _SIGNED_IN, "Identities",
             refuses=(ReauthenticationRequired, IdentityNotFound, LastSignInMethod), rules=Identities.unlink,
             acts=(Act.UNLINK_IDENTITY,)),
)
# fmt: on
