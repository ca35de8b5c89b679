"""/account/lockdown, where "This wasn't me" in a mail leads. Opening it changes nothing; only its button does."""

from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import Purpose
from bukhindor.domain.origin import Language
from bukhindor.services.lockdown import Lockdown
from bukhindor.web.addresses import ACCOUNT, LOCKDOWN_PAGE, PAGE_OF
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.errors import Refusal
from bukhindor.web.endpoint.mailbox_proof import parse_link
from bukhindor.web.pages.landing import end
from bukhindor.web.pages.landing_words import LANDING
from bukhindor.web.pages.rendering import page, refusal_page

# What a person can try again: a limit or a busy server to wait for.
_WORTH_ANOTHER_TRY = (429, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockdownWords:
    title: str
    explanation: str
    button: str
    note: str
    dead: str
    dead_next: str
    done_title: str
    done: str
    done_next: str


_WORDS = {
    Language.ENGLISH: LockdownWords(
        title="Lock your account",
        explanation=(
            "Every device is signed out at once, and no one can sign in until you choose a new password. We send you "
            "a mail for that."
        ),
        button="This wasn't me: lock the account",
        note="If it was you after all, close this page: nothing has changed.",
        dead="This link does not work any more. It was used, or it has expired.",
        dead_next=(
            "If someone else uses your account, enter your address and choose a new password: this signs everyone out."
        ),
        done_title="Your account is locked",
        done="Every device is signed out, and no one can sign in. A mail to choose a new password is on its way.",
        done_next="If your password is in use elsewhere, change it there too.",
    ),
    Language.RUSSIAN: LockdownWords(
        title="Закрыть вход в учётную запись",
        explanation=(
            "Сеансы на всех устройствах сразу завершатся, и никто не сможет войти, пока вы не выберете новый пароль. "
            "Для этого мы пришлём письмо."
        ),
        button="Это был не я: закрыть вход",
        note="Если это всё-таки были вы, закройте эту страницу: ничего не изменилось.",
        dead="Эта ссылка больше не действует: её уже использовали или её срок истёк.",
        dead_next=(
            "Если вашей учётной записью пользуется кто-то другой, введите свой адрес и выберите новый пароль: это "
            "завершит все сеансы."
        ),
        done_title="Вход в учётную запись закрыт",
        done=(
            "Сеансы на всех устройствах завершены, и войти никто не может. Письмо для выбора нового пароля отправлено."
        ),
        done_next="Если этот пароль есть у вас и в других местах, смените его и там.",
    ),
}


class LockdownQuery(msgspec.Struct, frozen=True):
    """The query of a mailed link."""

    token: str = ""


class LockdownForm(msgspec.Struct, frozen=True):
    """What the button sends."""

    token: str = ""


async def show_lockdown(call: Call, settings: WebSettings, lockdown: Lockdown, query: LockdownQuery) -> Response:
    """Show the page that locks an account"""
    call.mailbox = (await lockdown.look(parse_link(query.token))).email.masked_for_people
    return _form(call, settings, query.token)


async def lock_account(call: Call, settings: WebSettings, lockdown: Lockdown, body: LockdownForm) -> Response:
    """Lock an account that someone else has got into"""
    await lockdown.lock_by_link(parse_link(body.token), call.origin)
    words = _WORDS[call.exchange.language]
    return end(call, settings, words.done_title, words.done, words.done_next)


def lockdown_refused(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    """Return the button again, or the way to a new password where the link is dead."""
    if refusal.code == InvalidOneTimeToken.code or refusal.errors:
        return _dead(call, settings, refusal)
    body = call.arguments.get("body")
    if isinstance(body, LockdownForm) and refusal.status in _WORTH_ANOTHER_TRY:
        return _form(call, settings, body.token, refusal)
    return refusal_page(call.exchange, settings, refusal)


def _form(call: Call, settings: WebSettings, token: str, refusal: Refusal | None = None) -> Response:
    words = _WORDS[call.exchange.language]
    return page(
        "lockdown.html",
        call.exchange,
        settings,
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[call.exchange.language],
        mailbox=call.mailbox,
        address=f"{settings.public_path}{LOCKDOWN_PAGE}",
        token=token,
    )


def _dead(call: Call, settings: WebSettings, refusal: Refusal) -> Response:
    words = _WORDS[call.exchange.language]
    return page(
        "new_mail.html",
        call.exchange,
        settings,
        refusal,
        title=words.title,
        page_words=words,
        landing=LANDING[call.exchange.language],
        error=words.dead,
        is_field_wrong=False,
        address=f"{settings.public_path}{ACCOUNT}/{PAGE_OF[Purpose.RESET_PASSWORD]}/new-mail",
        email="",
        app_url=settings.app_url,
    )
