"""/account: the pages on which a signed-in person manages their account. Each works without scripts."""

from uuid import UUID

from starlette.responses import Response

from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import SessionNotFound
from bukhindor.domain.language import LanguageChoice
from bukhindor.domain.password import NewPassword, Password
from bukhindor.domain.user import Name, UserChanges
from bukhindor.services.email_change import EmailChange
from bukhindor.services.first_password import FirstPassword
from bukhindor.services.own_account import OwnAccount
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.profile import Profile
from bukhindor.services.sessions import Sessions
from bukhindor.web.addresses import ACCOUNT, API, EXPORT, OWN_ADDRESS, OWN_DELETION, OWN_PASSWORD, OWN_SESSIONS, SIGN_IN
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.cookies import Cookies
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.row import SignedInForm
from bukhindor.web.pages.own_pages import can_try_again, own_page, own_refused, redirect, to_sign_in
from bukhindor.web.pages.own_words import LANGUAGES, OWN
from bukhindor.web.pages.rendering import page


class ProfileForm(SignedInForm, frozen=True, kw_only=True):
    name: str = ""
    language: str = ""


class SessionForm(SignedInForm, frozen=True, kw_only=True):
    """`session` is the id of one session; without it all others end."""

    session: str = ""


class OwnPasswordForm(SignedInForm, frozen=True, kw_only=True):
    current_password: str = ""
    new_password: str = ""


class AddressForm(SignedInForm, frozen=True, kw_only=True):
    new_email: str = ""
    password: str = ""


class DeletionForm(SignedInForm, frozen=True, kw_only=True):
    password: str = ""


async def show_own_account(call: Call, settings: WebSettings) -> Response:
    """Show a person's account, and what they can do with it"""
    return _overview(call, settings)


async def change_own_profile(call: Call, settings: WebSettings, profile: Profile, body: ProfileForm) -> Response:
    """Change the name and the language"""
    changes = UserChanges(name=Name.parse(body.name), language=LanguageChoice.parse(body.language))
    await profile.change(call.caller, changes)
    return redirect(settings, ACCOUNT)


def own_profile_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    elsewhere = to_sign_in(call, settings, refusal)
    if elsewhere is not None or call.signed_in is None:
        return elsewhere or own_refused(call, settings, refusal)
    return _overview(call, settings, refusal)


async def show_own_sessions(call: Call, settings: WebSettings, sessions: Sessions) -> Response:
    """Show where the person is signed in"""
    return own_page(
        "own_sessions.html",
        call,
        settings,
        title=OWN[call.exchange.language].sessions,
        sessions=await sessions.list(call.caller),
        current=call.caller.session.id,
        path=OWN_SESSIONS,
    )


async def end_own_session(call: Call, settings: WebSettings, sessions: Sessions, body: SessionForm) -> Response:
    """Sign another device out, or all of them"""
    if body.session:
        await sessions.end(call.caller, _session_id(body.session))
    else:
        await sessions.log_out_everywhere(call.caller, keep_current=True)
    return redirect(settings, OWN_SESSIONS)


async def sign_out_of_pages(
    call: Call, settings: WebSettings, cookies: Cookies, sessions: Sessions, body: SignedInForm
) -> Response:
    """Sign this browser out"""
    await sessions.end(call.caller, call.caller.session.id)
    cookies.sign_out(call.exchange)
    return redirect(settings, SIGN_IN)


async def show_own_password(call: Call, settings: WebSettings) -> Response:
    """Show the page that changes the password"""
    return _password_page(call, settings)


async def change_own_password(
    call: Call,
    settings: WebSettings,
    cookies: Cookies,
    password_change: PasswordChange,
    first_password: FirstPassword,
    body: OwnPasswordForm,
) -> Response:
    """Change the password, or give an account without one its first"""
    new = NewPassword.parse(body.new_password)
    if call.caller.user.password_hash is None:
        await first_password.add(call.caller, new)
        return redirect(settings, ACCOUNT)
    tokens = await password_change.change(call.caller, Password.parse(body.current_password), new)
    cookies.hand_over(call.exchange, tokens, in_cookie=True)
    return _done(call, settings, OWN[call.exchange.language].password, OWN[call.exchange.language].password_changed)


def own_password_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    elsewhere = to_sign_in(call, settings, refusal)
    if elsewhere is not None or call.signed_in is None or not can_try_again(refusal):
        return elsewhere or own_refused(call, settings, refusal)
    return _password_page(call, settings, refusal)


async def show_own_address(call: Call, settings: WebSettings) -> Response:
    """Show the page that asks for another address"""
    return _address_page(call, settings)


async def change_own_address(
    call: Call, settings: WebSettings, email_change: EmailChange, body: AddressForm
) -> Response:
    """Send a mail to the new address"""
    password = Password.parse(body.password) if body.password else None
    await email_change.request(call.caller, EmailAddress.parse(body.new_email), password)
    return _done(call, settings, OWN[call.exchange.language].address, OWN[call.exchange.language].address_asked)


def own_address_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    elsewhere = to_sign_in(call, settings, refusal)
    if elsewhere is not None or call.signed_in is None or not can_try_again(refusal):
        return elsewhere or own_refused(call, settings, refusal)
    return _address_page(call, settings, refusal)


async def export_own_data(call: Call, settings: WebSettings) -> Response:
    """Lead to the export of the API, once the session is renewed"""
    return redirect(settings, API + EXPORT)


async def show_own_deletion(call: Call, settings: WebSettings) -> Response:
    """Show the page that deletes the account"""
    return _deletion_page(call, settings)


async def delete_own_account(
    call: Call, settings: WebSettings, cookies: Cookies, own_account: OwnAccount, body: DeletionForm
) -> Response:
    """Delete the account"""
    await own_account.delete(call.caller, Password.parse(body.password) if body.password else None)
    cookies.remove_all(call.exchange)
    return _done(call, settings, OWN[call.exchange.language].deletion, OWN[call.exchange.language].deleted, leads=False)


def own_deletion_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    elsewhere = to_sign_in(call, settings, refusal)
    if elsewhere is not None or call.signed_in is None:
        return elsewhere or own_refused(call, settings, refusal)
    return _deletion_page(call, settings, refusal)


def _overview(call: Call, settings: WebSettings, refusal: Refusal | None = None) -> Response:
    own, user = OWN[call.exchange.language], call.caller.user
    tag = None if user.language is None else user.language.value
    languages = LANGUAGES if tag is None or tag in LANGUAGES else {**LANGUAGES, tag: tag}
    return own_page(
        "own_account.html",
        call,
        settings,
        refusal,
        title=own.title,
        languages=languages,
        language_tag=tag,
        has_providers=bool(settings.identity_providers),
    )


def _password_page(call: Call, settings: WebSettings, refusal: Refusal | None = None) -> Response:
    title = OWN[call.exchange.language].password
    return own_page("own_password.html", call, settings, refusal, title=title, path=OWN_PASSWORD)


def _address_page(call: Call, settings: WebSettings, refusal: Refusal | None = None) -> Response:
    body = call.arguments.get("body")
    new_email = body.new_email if isinstance(body, AddressForm) else ""
    title = OWN[call.exchange.language].address
    return own_page("own_address.html", call, settings, refusal, title=title, path=OWN_ADDRESS, new_email=new_email)


def _deletion_page(call: Call, settings: WebSettings, refusal: Refusal | None = None) -> Response:
    title = OWN[call.exchange.language].deletion
    return own_page("own_deletion.html", call, settings, refusal, title=title, path=OWN_DELETION)


def _done(call: Call, settings: WebSettings, title: str, text: str, *, leads: bool = True) -> Response:
    """Return the page of an act that succeeded; with `leads` it leads back to the account."""
    own = OWN[call.exchange.language]
    return page("own_done.html", call.exchange, settings, title=title, text=text, own=own, leads=leads)


def _session_id(raw: str) -> UUID:
    """Raises SessionNotFound."""
    try:
        return UUID(raw)
    except ValueError:
        raise SessionNotFound from None
