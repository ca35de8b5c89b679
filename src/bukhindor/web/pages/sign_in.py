"""/account/sign-in: a browser signs in with a password or a mailed code."""

import msgspec
from starlette.responses import Response

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import InvalidMfaToken, MfaRequired
from bukhindor.domain.factor import TotpCode
from bukhindor.domain.one_time_token import Purpose, TypedCode
from bukhindor.domain.password import Password
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.domain.tokens import TokenPair
from bukhindor.services.factor_sign_in import FactorSignIn
from bukhindor.services.sign_in import SignIn
from bukhindor.services.sign_in_code import SignInCode
from bukhindor.web.addresses import ACCOUNT, PAGE_OF
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_code
from bukhindor.web.pages.factor_words import FACTORS
from bukhindor.web.pages.identity_words import IDENTITIES
from bukhindor.web.pages.own_pages import browser_of, own_page, place, redirect
from bukhindor.web.pages.own_words import OWN
from bukhindor.web.pages.passkey_words import PASSKEYS


class SignInQuery(msgspec.Struct, frozen=True):
    """`next` is the page to go to after the sign-in."""

    next: str = ""


class PasswordSignInForm(msgspec.Struct, frozen=True):
    email: str = ""
    password: str = ""
    next: str = ""


class CodeRequestForm(msgspec.Struct, frozen=True):
    email: str = ""
    next: str = ""


class FactorSignInForm(msgspec.Struct, frozen=True):
    """A code of the app, or a recovery code. `factors` are the words of the refusal for what may be presented."""

    mfa_token: str = ""
    factors: str = ""
    code: str = ""
    recovery_code: str = ""
    next: str = ""


class CodeSignInForm(msgspec.Struct, frozen=True):
    email: str = ""
    code: str = ""
    next: str = ""


async def show_sign_in_page(call: Call, settings: WebSettings, query: SignInQuery) -> Response:
    """Show the page that signs in"""
    return password_page(call, settings, "", query.next)


async def show_forgotten_password(call: Call, settings: WebSettings) -> Response:
    """Show the page that sends a mail to choose a new password"""
    title = OWN[call.exchange.language].forgotten
    address = f"{settings.public_path}{ACCOUNT}/{PAGE_OF[Purpose.RESET_PASSWORD]}/new-mail"
    return own_page("forgotten.html", call, settings, title=title, address=address)


async def sign_in_with_password(
    call: Call, settings: WebSettings, cookies: Cookies, sign_in: SignIn, body: PasswordSignInForm
) -> Response:
    """Sign this browser in with a password"""
    # A form of another site could sign a visitor in to an account of that site's owner (OWASP ASVS 5.0 section 3.5.1).
    cookies.require_own_page(call.exchange)
    email, password = EmailAddress.parse(body.email), Password.parse(body.password)
    proof = cookies.device_proof(call.exchange)
    tokens = await sign_in.login(email, password, browser_of(call), call.origin, proof)
    return _signed_in(call, settings, cookies, tokens, body.next)


async def mail_code_for_sign_in(
    call: Call, settings: WebSettings, sign_in_code: SignInCode, body: CodeRequestForm
) -> Response:
    """Send a mail with a code, and ask for it"""
    await sign_in_code.request(EmailAddress.parse(body.email), call.origin)
    return _code_page(call, settings, body.email, body.next)


async def sign_in_with_code(
    call: Call, settings: WebSettings, cookies: Cookies, sign_in_code: SignInCode, body: CodeSignInForm
) -> Response:
    """Sign this browser in with the code from a mail"""
    cookies.require_own_page(call.exchange)
    typed = TypedCode(EmailAddress.parse(body.email), parse_code(body.code))
    proof = cookies.device_proof(call.exchange)
    tokens = await sign_in_code.confirm(typed, browser_of(call), call.origin, proof)
    return _signed_in(call, settings, cookies, tokens, body.next)


async def sign_in_with_factor(
    call: Call, settings: WebSettings, cookies: Cookies, factor_sign_in: FactorSignIn, body: FactorSignInForm
) -> Response:
    """Complete the sign-in of this browser with a second factor"""
    cookies.require_own_page(call.exchange)
    proof = RecoveryCode.parse(body.recovery_code) if body.recovery_code else TotpCode.parse(body.code)
    tokens = await factor_sign_in.complete(body.mfa_token, proof, browser_of(call), call.origin)
    return _signed_in(call, settings, cookies, tokens, body.next)


def sign_in_page_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the form again, with what went wrong, or the form of the second factor."""
    body = call.arguments.get("body")
    if refusal.code == MfaRequired.code:
        following = body.next if isinstance(body, PasswordSignInForm | CodeSignInForm) else ""
        factors = " ".join(refusal.members["factors"])
        return factor_page(call, settings, refusal.members["mfa_token"], factors, following)
    if isinstance(body, FactorSignInForm) and refusal.code != InvalidMfaToken.code:
        return factor_page(call, settings, body.mfa_token, body.factors, body.next, refusal)
    if isinstance(body, CodeSignInForm):
        return _code_page(call, settings, body.email, body.next, refusal)
    email = body.email if isinstance(body, PasswordSignInForm | CodeRequestForm) else ""
    following = body.next if isinstance(body, PasswordSignInForm | CodeRequestForm) else ""
    return password_page(call, settings, email, following, refusal)


def _signed_in(call: Call, settings: WebSettings, cookies: Cookies, tokens: TokenPair, following: str) -> Response:
    cookies.hand_over(call.exchange, tokens, in_cookie=True)
    return redirect(settings, place(following))


def factor_page(
    call: Call, settings: WebSettings, mfa_token: str, factors: str, following: str, refusal: Refusal | None = None
) -> Response:
    """Return the page that asks for the second factor of a sign-in: one of `factors`."""
    words = FACTORS[call.exchange.language]
    return own_page(
        "sign_in_factor.html",
        call,
        settings,
        refusal,
        fetches=True,
        title=words.second_factor,
        words_of_factors=words,
        words_of_passkeys=PASSKEYS[call.exchange.language],
        factors=factors,
        accepts_passkey="passkey" in factors.split(),
        next_address=settings.public_path + place(following),
        mfa_token=mfa_token,
        following=place(following),
    )


def password_page(
    call: Call, settings: WebSettings, email: str, following: str, refusal: Refusal | None = None
) -> Response:
    title = OWN[call.exchange.language].sign_in
    return own_page(
        "sign_in.html",
        call,
        settings,
        refusal,
        fetches=True,
        title=title,
        email=email,
        following=place(following),
        next_address=settings.public_path + place(following),
        words_of_passkeys=PASSKEYS[call.exchange.language],
        words_of_identities=IDENTITIES[call.exchange.language],
        providers=settings.identity_providers,
    )


def _code_page(
    call: Call, settings: WebSettings, email: str, following: str, refusal: Refusal | None = None
) -> Response:
    title = OWN[call.exchange.language].code_title
    return own_page("sign_in_code.html", call, settings, refusal, title=title, email=email, following=place(following))
