"""Every use case, built once from keyword arguments: the composition root and the tests build them in the same way."""

from dataclasses import dataclass

from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.factor_reset import FactorReset
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.first_password import FirstPassword
from bukhindor.services.guests import Guests
from bukhindor.services.health import Health
from bukhindor.services.identities import Identities
from bukhindor.services.identity_sign_in import IdentitySignIn
from bukhindor.services.identity_web_flow import IdentityWebFlow
from bukhindor.services.introspection import Introspection
from bukhindor.services.invitation_acceptance import InvitationAcceptance
from bukhindor.services.invitations import Invitations
from bukhindor.services.lockdown import Lockdown
from bukhindor.services.mail_delivery import MailDelivery
from bukhindor.services.mail_queue import MailQueue
from bukhindor.services.mailed_links import MailedLinks
from bukhindor.services.measurements import Measurements
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.services.passkey_sign_in import PasskeySignIn
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.password_reset import PasswordReset
from bukhindor.services.profile import Profile
from bukhindor.services.provider_notices import ProviderNotices
from bukhindor.services.reauthentication import Reauthentication
from bukhindor.services.registration import Registration
from bukhindor.services.repetition import Repetition
from bukhindor.services.requirements import Outside, Rules
from bukhindor.services.second_factors import SecondFactors
from bukhindor.services.service_keys import ServiceKeys
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.services.sign_out import SignOut
from bukhindor.services.signing_key_ring import SigningKeyRing
from bukhindor.services.steps.assembly import assemble_steps
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin
from bukhindor.services.user_listing import UserListing
from bukhindor.services.ways_in_assembly import assemble_ways_in
from bukhindor.services.withdrawals import ProviderWithdrawals


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that this product can do."""

    authentication: Authentication
    registration: Registration
    guests: Guests
    sign_in: SignIn
    factor_sign_in: FactorSignIn
    reauthentication: Reauthentication
    sign_in_code: SignInCode
    passkey_sign_in: PasskeySignIn
    passkey_administration: PasskeyAdministration
    identity_sign_in: IdentitySignIn
    identity_web_flow: IdentityWebFlow
    identities: Identities
    provider_notices: ProviderNotices
    provider_withdrawals: ProviderWithdrawals
    token_refresh: TokenRefresh
    sign_out: SignOut
    repetition: Repetition
    sessions: Sessions
    second_factors: SecondFactors
    password_change: PasswordChange
    first_password: FirstPassword
    password_reset: PasswordReset
    email_verification: EmailVerification
    email_change: EmailChange
    profile: Profile
    own_account: OwnAccount
    user_admin: UserAdmin
    factor_reset: FactorReset
    lockdown: Lockdown
    invitations: Invitations
    invitation_acceptance: InvitationAcceptance
    user_listing: UserListing
    audit_log: AuditLog
    service_keys: ServiceKeys
    introspection: Introspection
    signing_key_ring: SigningKeyRing
    health: Health
    mailed_links: MailedLinks
    mail_delivery: MailDelivery
    mail_queue: MailQueue
    upkeep: Upkeep
    measurements: Measurements


def assemble(outside: Outside, rules: Rules) -> Services:
    """Build every use case over the given ports and rules."""
    steps = assemble_steps(outside, rules)
    return Services(
        **assemble_ways_in(outside, rules, steps),
        authentication=Authentication(token_reading=steps.token_reading, policy=rules.policy, clock=outside.clock),
        provider_withdrawals=ProviderWithdrawals(
            transactions=outside.transactions, providers=outside.identity_providers, clock=outside.clock
        ),
        token_refresh=TokenRefresh(
            transactions=outside.transactions,
            refresh_tokens=outside.refresh_tokens,
            token_issuer=steps.token_issuer,
            trail=steps.trail,
            limiter=outside.limiter,
            policy=rules.policy,
            clock=outside.clock,
        ),
        repetition=Repetition(
            transactions=outside.transactions, token_reading=steps.token_reading, clock=outside.clock
        ),
        sign_out=SignOut(
            transactions=outside.transactions,
            token_reading=steps.token_reading,
            refresh_tokens=outside.refresh_tokens,
            trail=steps.trail,
            policy=rules.policy,
            clock=outside.clock,
        ),
        sessions=Sessions(
            transactions=outside.transactions, trail=steps.trail, policy=rules.policy, clock=outside.clock
        ),
        password_change=PasswordChange(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            token_issuer=steps.token_issuer,
            step_up=steps.step_up,
            letters=steps.letters,
            trail=steps.trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        first_password=FirstPassword(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            step_up=steps.step_up,
            letters=steps.letters,
            trail=steps.trail,
            clock=outside.clock,
        ),
        password_reset=PasswordReset(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            proofs=steps.proofs,
            letters=steps.letters,
            trail=steps.trail,
            password_check=steps.password_check,
            device_proofs=outside.device_proofs,
            identifiers=outside.identifiers,
            clock=outside.clock,
            allowance=steps.allowance,
        ),
        email_verification=EmailVerification(
            transactions=outside.transactions,
            password_check=steps.password_check,
            proofs=steps.proofs,
            planted_access=steps.planted_access,
            letters=steps.letters,
            trail=steps.trail,
            clock=outside.clock,
            allowance=steps.allowance,
        ),
        email_change=EmailChange(
            transactions=outside.transactions,
            step_up=steps.step_up,
            addresses=rules.ways_in.addresses,
            proofs=steps.proofs,
            letters=steps.letters,
            trail=steps.trail,
            clock=outside.clock,
            allowance=steps.allowance,
        ),
        profile=Profile(transactions=outside.transactions, trail=steps.trail, clock=outside.clock),
        own_account=OwnAccount(
            transactions=outside.transactions,
            removal=steps.removal,
            trail=steps.trail,
            limiter=outside.limiter,
            policy=rules.policy,
            clock=outside.clock,
        ),
        user_admin=UserAdmin(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            letters=steps.letters,
            removal=steps.removal,
            step_up=steps.step_up,
            trail=steps.trail,
            identifiers=outside.identifiers,
            policy=rules.policy,
            clock=outside.clock,
        ),
        factor_reset=FactorReset(
            transactions=outside.transactions,
            step_up=steps.step_up,
            letters=steps.letters,
            trail=steps.trail,
            clock=outside.clock,
        ),
        lockdown=Lockdown(
            transactions=outside.transactions,
            letters=steps.letters,
            secrets=outside.secrets,
            trail=steps.trail,
            clock=outside.clock,
        ),
        invitations=Invitations(
            transactions=outside.transactions,
            ways_in=rules.ways_in,
            step_up=steps.step_up,
            allowance=steps.allowance,
            letters=steps.letters,
            secrets=outside.secrets,
            trail=steps.trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        invitation_acceptance=InvitationAcceptance(
            transactions=outside.transactions,
            ways_in=rules.ways_in,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            secrets=outside.secrets,
            trail=steps.trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        user_listing=UserListing(transactions=outside.transactions, clock=outside.clock),
        audit_log=AuditLog(
            transactions=outside.transactions, trail=steps.trail, limiter=outside.limiter, clock=outside.clock
        ),
        service_keys=ServiceKeys(
            transactions=outside.transactions,
            trail=steps.trail,
            limiter=outside.limiter,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        introspection=Introspection(
            transactions=outside.transactions,
            token_reading=steps.token_reading,
            refresh_tokens=outside.refresh_tokens,
            policy=rules.policy,
            clock=outside.clock,
        ),
        signing_key_ring=SigningKeyRing(
            transactions=outside.transactions,
            access_tokens=outside.access_tokens,
            key_maker=outside.key_maker,
            policy=rules.signing_keys,
            clock=outside.clock,
        ),
        health=Health(store=outside.transactions, access_tokens=outside.access_tokens, limiter=outside.limiter),
        mailed_links=MailedLinks(transactions=outside.transactions, secrets=outside.secrets, clock=outside.clock),
        mail_delivery=MailDelivery(
            transactions=outside.transactions,
            mailer=outside.mailer,
            trail=steps.trail,
            clock=outside.clock,
            later_work=outside.later_work,
        ),
        mail_queue=MailQueue(transactions=outside.transactions, trail=steps.trail, clock=outside.clock),
        upkeep=Upkeep(
            transactions=outside.transactions,
            policy=rules.policy,
            retention=rules.retention,
            trail=steps.trail,
            clock=outside.clock,
        ),
        measurements=Measurements(transactions=outside.transactions, policy=rules.policy, clock=outside.clock),
    )
