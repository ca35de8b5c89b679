"""/account/factors: the pages on which a person adds and removes authenticator apps, and makes recovery codes."""

from uuid import UUID

from starlette.responses import Response

from bukhindor.domain.errors import FactorNotFound, IncorrectFactor
from bukhindor.domain.factor import FactorName, TotpCode
from bukhindor.domain.recovery_code import RecoveryCode
from bukhindor.services.second_factors import SecondFactors
from bukhindor.web.addresses import OWN_FACTORS
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.row import SignedInForm
from bukhindor.web.pages.factor_words import FACTORS
from bukhindor.web.pages.own_pages import own_page, own_refused, redirect


class NewFactorForm(SignedInForm, frozen=True, kw_only=True):
    name: str = ""


class ConfirmationForm(SignedInForm, frozen=True, kw_only=True):
    factor: str = ""
    code: str = ""


class RemovalForm(SignedInForm, frozen=True, kw_only=True):
    factor: str = ""


async def show_own_factors(call: Call, settings: WebSettings, second_factors: SecondFactors) -> Response:
    """Show the authenticator apps of a person, and how many recovery codes are left"""
    factors, left = await second_factors.overview(call.caller)
    words = FACTORS[call.exchange.language]
    return own_page(
        "own_factors.html", call, settings, title=words.title, words_of_factors=words, factors=factors, left=left
    )


async def begin_own_factor(
    call: Call, settings: WebSettings, second_factors: SecondFactors, body: NewFactorForm
) -> Response:
    """Show the QR code of a new authenticator app"""
    name = FactorName.parse(body.name) if body.name.strip() else None
    enrolment = await second_factors.add_totp(call.caller, name)
    return _confirmation(call, settings, str(enrolment.factor.id), qr_svg=enrolment.qr_svg, secret=enrolment.secret)


async def confirm_own_factor(
    call: Call, settings: WebSettings, second_factors: SecondFactors, body: ConfirmationForm
) -> Response:
    """Confirm an authenticator app with a code of it"""
    code = TotpCode.parse(body.code)
    codes = await second_factors.confirm(call.caller, _factor_id(body.factor), code, end_other_sessions=False)
    return _codes(call, settings, codes) if codes else redirect(settings, OWN_FACTORS)


def own_confirmation_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the form again for a wrong code: the app has the secret already."""
    body = call.arguments.get("body")
    is_wrong_code = refusal.code == IncorrectFactor.code or any(each.field in ("", "code") for each in refusal.errors)
    if call.signed_in is None or not isinstance(body, ConfirmationForm) or not is_wrong_code:
        return own_refused(call, settings, refusal)
    return _confirmation(call, settings, body.factor, refusal)


async def remove_own_factor(
    call: Call, settings: WebSettings, second_factors: SecondFactors, body: RemovalForm
) -> Response:
    """Remove an authenticator app"""
    await second_factors.remove(call.caller, _factor_id(body.factor))
    return redirect(settings, OWN_FACTORS)


async def renew_own_recovery_codes(
    call: Call, settings: WebSettings, second_factors: SecondFactors, body: SignedInForm
) -> Response:
    """Show new recovery codes"""
    return _codes(call, settings, await second_factors.renew_recovery_codes(call.caller))


def _confirmation(
    call: Call,
    settings: WebSettings,
    factor: str,
    refusal: Refusal | None = None,
    *,
    qr_svg: str = "",
    secret: str = "",
) -> Response:
    words = FACTORS[call.exchange.language]
    return own_page(
        "own_factor_new.html",
        call,
        settings,
        refusal,
        title=words.add,
        words_of_factors=words,
        factor=factor,
        qr_svg=qr_svg,
        secret=secret,
    )


def _codes(call: Call, settings: WebSettings, codes: list[RecoveryCode]) -> Response:
    words = FACTORS[call.exchange.language]
    shown = [code.shown for code in codes]
    return own_page(
        "own_recovery_codes.html", call, settings, title=words.codes_title, words_of_factors=words, codes=shown
    )


def _factor_id(raw: str) -> UUID:
    """Raises FactorNotFound."""
    try:
        return UUID(raw)
    except ValueError:
        raise FactorNotFound from None
