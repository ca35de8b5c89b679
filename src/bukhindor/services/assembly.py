"""Every use case, built once from keyword arguments: the composition root and the tests build them in the same way."""

from dataclasses import dataclass

from bukhindor.services.audit_log import AuditLog
from bukhindor.services.authentication import Authentication
from bukhindor.services.email_change import EmailChange
from bukhindor.services.email_verification import EmailVerification
from bukhindor.services.factor_reset import FactorReset
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.first_password import FirstPassword
from bukhindor.services.health import Health
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
from bukhindor.services.steps.access_token_reading import AccessTokenReading
from bukhindor.services.steps.account_removal import AccountRemoval
from bukhindor.services.steps.audit_trail import AuditTrail
from bukhindor.services.steps.factor_check import FactorCheck
from bukhindor.services.steps.letters import Letters
from bukhindor.services.steps.mail_allowance import MailAllowance
from bukhindor.services.steps.mailbox_proof import MailboxProofs
from bukhindor.services.steps.passkey_proof import PasskeyProof
from bukhindor.services.steps.password_check import PasswordCheck
from bukhindor.services.steps.planted_access import PlantedAccess
from bukhindor.services.steps.review_code import ReviewCodes
from bukhindor.services.steps.session_start import SessionStart
from bukhindor.services.steps.step_up import StepUp
from bukhindor.services.steps.token_issuer import TokenIssuer
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.upkeep import Upkeep
from bukhindor.services.user_admin import UserAdmin
from bukhindor.services.user_listing import UserListing


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that this product can do."""

    authentication: Authentication
    registration: Registration
    sign_in: SignIn
    factor_sign_in: FactorSignIn
    reauthentication: Reauthentication
    sign_in_code: SignInCode
    passkey_sign_in: PasskeySignIn
    passkey_administration: PasskeyAdministration
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
    step_up = StepUp(password_check=password_check, policy=rules.policy, clock=outside.clock)
    removal = AccountRemoval(
        transactions=outside.transactions, step_up=step_up, letters=letters, trail=trail, clock=outside.clock
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
    allowance = MailAllowance(limiter=outside.limiter)
    planted_access = PlantedAccess(letters=letters)
    session_start = SessionStart(
        letters=letters,
        trail=trail,
        device_proofs=outside.device_proofs,
        mfa_tokens=outside.mfa_tokens,
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
    return Services(
        authentication=Authentication(token_reading=token_reading, policy=rules.policy, clock=outside.clock),
        registration=Registration(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            ways_in=rules.ways_in,
            letters=letters,
            trail=trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        sign_in=SignIn(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_check=password_check,
            token_issuer=token_issuer,
            session_start=session_start,
            clock=outside.clock,
        ),
        factor_sign_in=FactorSignIn(
            transactions=outside.transactions,
            mfa_tokens=outside.mfa_tokens,
            factor_check=factor_check,
            passkey_proof=passkey_proof,
            session_start=session_start,
            token_issuer=token_issuer,
            clock=outside.clock,
        ),
        second_factors=SecondFactors(
            transactions=outside.transactions,
            totp=outside.totp,
            recovery=outside.recovery,
            step_up=step_up,
            letters=letters,
            trail=trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        reauthentication=Reauthentication(
            passkey_proof=passkey_proof,
            transactions=outside.transactions,
            step_up=step_up,
            factor_check=factor_check,
            token_issuer=token_issuer,
            trail=trail,
            clock=outside.clock,
        ),
        sign_in_code=SignInCode(
            transactions=outside.transactions,
            proofs=proofs,
            review_codes=ReviewCodes(accounts=rules.ways_in.review_accounts, proofs=proofs, trail=trail),
            planted_access=planted_access,
            letters=letters,
            trail=trail,
            device_proofs=outside.device_proofs,
            token_issuer=token_issuer,
            session_start=session_start,
            clock=outside.clock,
            allowance=allowance,
        ),
        passkey_sign_in=PasskeySignIn(
            transactions=outside.transactions,
            proof=passkey_proof,
            session_start=session_start,
            token_issuer=token_issuer,
        ),
        passkey_administration=PasskeyAdministration(
            transactions=outside.transactions,
            proof=passkey_proof,
            step_up=step_up,
            letters=letters,
            identifiers=outside.identifiers,
        ),
        token_refresh=TokenRefresh(
            transactions=outside.transactions,
            refresh_tokens=outside.refresh_tokens,
            token_issuer=token_issuer,
            trail=trail,
            limiter=outside.limiter,
            policy=rules.policy,
            clock=outside.clock,
        ),
        repetition=Repetition(transactions=outside.transactions, token_reading=token_reading, clock=outside.clock),
        sign_out=SignOut(
            transactions=outside.transactions,
            token_reading=token_reading,
            refresh_tokens=outside.refresh_tokens,
            trail=trail,
            policy=rules.policy,
            clock=outside.clock,
        ),
        sessions=Sessions(transactions=outside.transactions, trail=trail, policy=rules.policy, clock=outside.clock),
        password_change=PasswordChange(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            token_issuer=token_issuer,
            step_up=step_up,
            letters=letters,
            trail=trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        first_password=FirstPassword(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            step_up=step_up,
            letters=letters,
            trail=trail,
            clock=outside.clock,
        ),
        password_reset=PasswordReset(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            proofs=proofs,
            letters=letters,
            trail=trail,
            password_check=password_check,
            device_proofs=outside.device_proofs,
            identifiers=outside.identifiers,
            clock=outside.clock,
            allowance=allowance,
        ),
        email_verification=EmailVerification(
            transactions=outside.transactions,
            password_check=password_check,
            proofs=proofs,
            planted_access=planted_access,
            letters=letters,
            trail=trail,
            clock=outside.clock,
            allowance=allowance,
        ),
        email_change=EmailChange(
            transactions=outside.transactions,
            step_up=step_up,
            addresses=rules.ways_in.addresses,
            proofs=proofs,
            letters=letters,
            trail=trail,
            clock=outside.clock,
            allowance=allowance,
        ),
        profile=Profile(transactions=outside.transactions, trail=trail, clock=outside.clock),
        own_account=OwnAccount(
            transactions=outside.transactions,
            removal=removal,
            trail=trail,
            limiter=outside.limiter,
            policy=rules.policy,
            clock=outside.clock,
        ),
        user_admin=UserAdmin(
            transactions=outside.transactions,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            letters=letters,
            removal=removal,
            step_up=step_up,
            trail=trail,
            identifiers=outside.identifiers,
            policy=rules.policy,
            clock=outside.clock,
        ),
        factor_reset=FactorReset(
            transactions=outside.transactions, step_up=step_up, letters=letters, trail=trail, clock=outside.clock
        ),
        lockdown=Lockdown(
            transactions=outside.transactions,
            letters=letters,
            secrets=outside.secrets,
            trail=trail,
            clock=outside.clock,
        ),
        invitations=Invitations(
            transactions=outside.transactions,
            ways_in=rules.ways_in,
            step_up=step_up,
            allowance=allowance,
            letters=letters,
            secrets=outside.secrets,
            trail=trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        invitation_acceptance=InvitationAcceptance(
            transactions=outside.transactions,
            ways_in=rules.ways_in,
            hasher=outside.hasher,
            password_policy=rules.password_policy,
            secrets=outside.secrets,
            trail=trail,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        user_listing=UserListing(transactions=outside.transactions, clock=outside.clock),
        audit_log=AuditLog(
            transactions=outside.transactions, trail=trail, limiter=outside.limiter, clock=outside.clock
        ),
        service_keys=ServiceKeys(
            transactions=outside.transactions,
            trail=trail,
            limiter=outside.limiter,
            identifiers=outside.identifiers,
            clock=outside.clock,
        ),
        introspection=Introspection(
            transactions=outside.transactions,
            token_reading=token_reading,
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
            trail=trail,
            clock=outside.clock,
            later_work=outside.later_work,
        ),
        mail_queue=MailQueue(transactions=outside.transactions, trail=trail, clock=outside.clock),
        upkeep=Upkeep(
            transactions=outside.transactions, policy=rules.policy, retention=rules.retention, clock=outside.clock
        ),
        measurements=Measurements(transactions=outside.transactions, policy=rules.policy, clock=outside.clock),
    )
