"""The use cases by which people come in and prove who they are, built once from keyword arguments."""

from typing import TypedDict

from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.guests import Guests
from bukhindor.services.identities import Identities
from bukhindor.services.identity_sign_in import IdentitySignIn
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.services.passkey_sign_in import PasskeySignIn
from bukhindor.services.provider_notices import ProviderNotices
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.services.registration import Registration
from bukhindor.services.requirements import Outside, Rules
from bukhindor.services.second_factors import SecondFactors
from bukhindor.services.sign_in import SignIn
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.services.steps.assembly import Steps


class WaysInServices(TypedDict):
    """How people come in, and prove who they are."""

    registration: Registration
    guests: Guests
    sign_in: SignIn
    factor_sign_in: FactorSignIn
    second_factors: SecondFactors
    reauthentication: Reauthentication
    sign_in_code: SignInCode
    passkey_sign_in: PasskeySignIn
    passkey_administration: PasskeyAdministration
    identity_sign_in: IdentitySignIn
    identity_web_flow: IdentityWebFlow
    identities: Identities
    provider_notices: ProviderNotices


def assemble_ways_in(outside: Outside, rules: Rules, steps: Steps) -> WaysInServices:
    """Build these use cases over the given ports and rules."""
    return WaysInServices(
        registration=Registration(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            ways_in=rules.ways_in,
            letters=steps.letters,
            trail=steps.trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        guests=Guests(
            transactions=outside.transactions,
            ways_in=rules.ways_in,
            policy=rules.policy,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            limiter=outside.limiter,
            step_up=steps.step_up,
            letters=steps.letters,
            trail=steps.trail,
            session_start=steps.session_start,
            token_issuer=steps.token_issuer,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        sign_in=SignIn(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_check=steps.password_check,
            token_issuer=steps.token_issuer,
            session_start=steps.session_start,
            clock=outside.clock,
        ),
        factor_sign_in=FactorSignIn(
            transactions=outside.transactions,
            mfa_tokens=outside.mfa_tokens,
            factor_check=steps.factor_check,
            passkey_proof=steps.passkey_proof,
            session_start=steps.session_start,
            token_issuer=steps.token_issuer,
            clock=outside.clock,
        ),
        second_factors=SecondFactors(
            transactions=outside.transactions,
            totp=outside.totp,
            recovery=outside.recovery,
            step_up=steps.step_up,
            letters=steps.letters,
            trail=steps.trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        reauthentication=Reauthentication(
            passkey_proof=steps.passkey_proof,
            transactions=outside.transactions,
            step_up=steps.step_up,
            factor_check=steps.factor_check,
            proofs=steps.proofs,
            review_codes=steps.review_codes,
            token_issuer=steps.token_issuer,
            trail=steps.trail,
            clock=outside.clock,
        ),
        sign_in_code=SignInCode(
            transactions=outside.transactions,
            proofs=steps.proofs,
            review_codes=steps.review_codes,
            planted_access=steps.planted_access,
            letters=steps.letters,
            trail=steps.trail,
            token_issuer=steps.token_issuer,
            session_start=steps.session_start,
            clock=outside.clock,
            allowance=steps.allowance,
        ),
        passkey_sign_in=PasskeySignIn(
            transactions=outside.transactions,
            proof=steps.passkey_proof,
            session_start=steps.session_start,
            token_issuer=steps.token_issuer,
        ),
        passkey_administration=PasskeyAdministration(
            transactions=outside.transactions,
            proof=steps.passkey_proof,
            step_up=steps.step_up,
            letters=steps.letters,
            identifiers=outside.identifiers,
        ),
        identity_sign_in=IdentitySignIn(
            transactions=outside.transactions,
            proof=steps.identity_proof,
            journey=steps.identity_journey,
            admission=steps.identity_admission,
            session_start=steps.session_start,
            token_issuer=steps.token_issuer,
            clock=outside.clock,
        ),
        identity_web_flow=IdentityWebFlow(
            transactions=outside.transactions,
            proof=steps.identity_proof,
            journey=steps.identity_journey,
            clock=outside.clock,
        ),
        identities=Identities(
            transactions=outside.transactions,
            proof=steps.identity_proof,
            journey=steps.identity_journey,
            step_up=steps.step_up,
            access=steps.provider_access,
            letters=steps.letters,
            trail=steps.trail,
            identifiers=outside.identifiers,
            addresses=rules.ways_in.addresses,
        ),
        provider_notices=ProviderNotices(
            transactions=outside.transactions, proof=steps.identity_proof, letters=steps.letters, trail=steps.trail
        ),
    )
