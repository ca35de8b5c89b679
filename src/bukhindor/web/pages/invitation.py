"""/account/invitation, where the mail of an invitation leads. Opening it changes nothing; only its button does."""

from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec
from starlette.responses import Response

from bukhindor.domain.errors import InvalidInput, InvalidOneTimeToken, InvalidValue
from bukhindor.domain.origin import Language
from bukhindor.domain.password import NewPassword
from bukhindor.domain.user import Name
from bukhindor.services.invitation_acceptance import InvitationAcceptance
from bukhindor.web.addresses import ACCOUNT, INVITATION
from bukhindor.web.edge.language import preferred_tag
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.decoding import field_error
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_link
from bukhindor.web.pages.landing import end
from bukhindor.web.pages.landing_words import LANDING
from bukhindor.web.pages.rendering import page, refusal_page

# What a person can try again with the same form: a field to correct, a limit or a busy server to wait for.
_WORTH_ANOTHER_TRY = (400, 429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWords:
    title: str
    explanation: str
    name: str
    password: str
    note: str
    button: str
    dead: str
    dead_next: str
    done_title: str
    done: str


_WORDS = {
    Language.ENGLISH: InvitationWords(
        title="Accept the invitation",
        explanation="Choose your name and a password, and your account is ready.",
        name="Your name",
        password="Password",
        note="Choose a long password that you use nowhere else. Common passwords are refused.",
        button="Create the account",
        dead="This invitation does not work any more. It was used or withdrawn, or it has expired.",
        dead_next="If you have no account yet, ask for a new invitation where this one came from.",
        done_title="Your account is ready",
        done="Sign in to the app with your address and your password.",
    ),
    Language.RUSSIAN: InvitationWords(
        title="Принять приглашение",
        explanation="Выберите имя и пароль, и учётная запись готова.",
        name="Ваше имя",
        password="Пароль",
        note="Выберите длинный пароль только для этого сервиса. Распространённые пароли не принимаются.",
        button="Создать учётную запись",
        dead="Это приглашение больше не действует: им уже воспользовались, его отозвали или его срок истёк.",
        dead_next="Если учётной записи у вас ещё нет, попросите новое приглашение у того, кто прислал это.",
        done_title="Учётная запись готова",
        done="Войдите в приложение со своим адресом и паролем.",
    ),
}


class InvitationQuery(msgspec.Struct, frozen=True):
    """The query of a mailed link."""

    token: str = ""


class InvitationForm(msgspec.Struct, frozen=True):
    """What the button sends."""

    token: str = ""
    name: str = ""
    password: str = ""


async def show_invitation(
    call: Call, settings: WebSettings, invitation_acceptance: InvitationAcceptance, query: InvitationQuery
) -> Response:
    """Show the page that creates the account of an invited person"""
    invitation = await invitation_acceptance.look(parse_link(query.token))
    call.mailbox = invitation.email.masked_for_people
    return _form(call, settings, query.token, invitation.name or "")


async def accept_invitation(
    call: Call, settings: WebSettings, invitation_acceptance: InvitationAcceptance, body: InvitationForm
) -> Response:
    """Create the account of an invited person"""
    link = parse_link(body.token)
    call.mailbox = (await invitation_acceptance.look(link)).email.masked_for_people
    language = preferred_tag(call.exchange.headers.get("accept-language", ""))
    user = await invitation_acceptance.accept(
        link, _name(body), NewPassword.parse(body.password), call.origin, language
    )
    call.created, call.exchange.user_id = user.id, str(user.id)
    words = _WORDS[call.exchange.language]
    return end(call, settings, words.done_title, words.done)


def _name(body: InvitationForm) -> Name:
    """The name in the form. Raises InvalidInput, so that the page knows which of its fields is wrong."""
    try:
        return Name.parse(body.name)
    except InvalidValue as invalid:
        raise InvalidInput(field_error("name", invalid)) from None


def invitation_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the form again, or what helps a person whose invitation is dead."""
    blamed = {error.field for error in refusal.errors}
    if refusal.code == InvalidOneTimeToken.code or blamed & {"token", "query"}:
        return _dead(call, settings, refusal)
    body = call.arguments.get("body")
    if isinstance(body, InvitationForm) and body.token and refusal.status in _WORTH_ANOTHER_TRY:
        return _form(call, settings, body.token, body.name, refusal)
    return refusal_page(call.exchange, settings, refusal)


def _wrong_field(refusal: Refusal | None) -> str:
    """The field to correct: what is not wrong with the name is wrong with the password."""
    if refusal is None or refusal.status != 400:
        return ""
    return "name" if any(error.field == "name" for error in refusal.errors) else "password"


def _form(call: Call, settings: WebSettings, token: str, name: str, refusal: Refusal | None = None) -> Response:
    language, app_url = call.exchange.language, settings.app_url
    words = _WORDS[language]
    return page(
        "invitation.html",
        call.exchange,
        settings,
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        wrong_field=_wrong_field(refusal),
        mailbox=call.mailbox,
        address=f"{settings.public_path}{ACCOUNT}/{INVITATION}",
        name=name,
        token=token,
        app_link=f"{app_url}/{INVITATION}?{urlencode({'token': token})}" if app_url else "",
    )


def _dead(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    language = call.exchange.language
    words = _WORDS[language]
    return page(
        "new_mail.html",
        call.exchange,
        settings,
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[language],
        error=words.dead,
        is_field_wrong=False,
        address="",
        email="",
        app_url=settings.app_url,
    )
