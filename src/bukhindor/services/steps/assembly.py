"""Every step, built once: what several use cases share."""

from dataclasses import dataclass

from bukhindor.services.requirements import Outside, Rules
from bukhindor.services.steps.access_token_reading import AccessTokenReading
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.factor_check import FactorCheck
from bukhindor.services.steps.guest_merge import GuestMerge
from bukhindor.services.steps.identity_admission import IdentityAdmission
from bukhindor.services.steps.identity_journey import IdentityJourney
from bukhindor.services.steps.identity_proof import IdentityProof
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.passkey_proof import PasskeyProof
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.planted_access import PlantedAccess
from bukhindor.services.steps.provider_access import ProviderAccess
from bukhindor.services.steps.review_code import ReviewCodes
from bukhindor.services.steps.session_start import SessionStart
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What several use cases share."""

    trail: AuditTrail
    token_reading: AccessTokenReading
    letters: Letters
    token_issuer: TokenIssuer
    password_check: PasswordCheck
    step_up: StepUp
    removal: AccountRemoval
    factor_check: FactorCheck
    proofs: MailboxProofs
    review_codes: ReviewCodes
    allowance: MailAllowance
    planted_access: PlantedAccess
    session_start: SessionStart
    passkey_proof: PasskeyProof
    provider_access: ProviderAccess
    identity_proof: IdentityProof
    identity_journey: IdentityJourney
    identity_admission: IdentityAdmission


def assemble_steps(outside: Outside, rules: Rules) -> Steps:
    """Build every step over the given ports and rules."""
    trail = AuditTrail(identifiers=outside.identifiers)
    token_reading = AccessTokenReading(
        transactions=outside.transactions, access_tokens=outside.access_tokens, policy=rules.policy
    )
    letters = Letters(
        writer=outside.writer, secrets=outside.secrets, identifiers=outside.identifiers, links=rules.links
    )
    token_issuer = TokenIssuer(
        access_tokens=outside.access_tokens,
        refresh_tokens=outside.refresh_tokens,
        device_proofs=outside.device_proofs,
        identifiers=outside.identifiers,
        policy=rules.policy,
        custom_claims=rules.custom_claims,
    )
    password_check = PasswordCheck(
        transactions=outside.transactions,
        hasher=outside.hasher,
        device_proofs=outside.device_proofs,
        letters=letters,
        trail=trail,
        limiter=outside.limiter,
        clock=outside.clock,
    )
    step_up = StepUp(
        transactions=outside.transactions, password_check=password_check, policy=rules.policy, clock=outside.clock
    )
    provider_access = ProviderAccess(identifiers=outside.identifiers)
    removal = AccountRemoval(
        transactions=outside.transactions,
        step_up=step_up,
        access=provider_access,
        letters=letters,
        trail=trail,
        clock=outside.clock,
    )
    factor_check = FactorCheck(
        transactions=outside.transactions,
        totp=outside.totp,
        recovery=outside.recovery,
        letters=letters,
        trail=trail,
        limiter=outside.limiter,
        clock=outside.clock,
    )
    proofs = MailboxProofs(
        transactions=outside.transactions,
        secrets=outside.secrets,
        letters=letters,
        trail=trail,
        wrong_codes=rules.wrong_codes,
    )
    review_codes = ReviewCodes(accounts=rules.ways_in.review_accounts, proofs=proofs, trail=trail)
    allowance = MailAllowance(limiter=outside.limiter)
    planted_access = PlantedAccess(letters=letters)
    session_start = SessionStart(
        letters=letters,
        trail=trail,
        device_proofs=outside.device_proofs,
        mfa_tokens=outside.mfa_tokens,
        guest_merge=GuestMerge(token_reading=token_reading, trail=trail, clock=outside.clock),
        identifiers=outside.identifiers,
        policy=rules.policy,
        requires_verified_email=rules.ways_in.requires_verified_email,
    )
    passkey_proof = PasskeyProof(
        transactions=outside.transactions,
        ceremonies=outside.passkey_ceremonies,
        challenges=outside.passkey_challenges,
        trail=trail,
        clock=outside.clock,
    )
    identity_proof = IdentityProof(
        transactions=outside.transactions, providers=outside.identity_providers, trail=trail, clock=outside.clock
    )
    identity_admission = IdentityAdmission(
        ways_in=rules.ways_in,
        planted_access=planted_access,
        letters=letters,
        trail=trail,
        identifiers=outside.identifiers,
    )
    identity_journey = IdentityJourney(
        seals=outside.web_flow_seals,
        addresses=rules.web_flow_addresses,
        identifiers=outside.identifiers,
        clock=outside.clock,
    )
    return Steps(
        trail=trail,
        token_reading=token_reading,
        letters=letters,
        token_issuer=token_issuer,
        password_check=password_check,
        step_up=step_up,
        removal=removal,
        factor_check=factor_check,
        proofs=proofs,
        review_codes=review_codes,
        allowance=allowance,
        planted_access=planted_access,
        session_start=session_start,
        passkey_proof=passkey_proof,
        provider_access=provider_access,
        identity_proof=identity_proof,
        identity_journey=identity_journey,
        identity_admission=identity_admission,
    )
