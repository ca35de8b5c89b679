"""/account/passkeys: the page on which a person adds, renames and removes passkeys. Adding one needs a script."""

from uuid import UUID

from starlette.responses import Response

from bukhindor.domain.errors import PasskeyNotFound
from bukhindor.domain.passkey import PasskeyName
from bukhindor.services.passkey_administration import PasskeyAdministration
from bukhindor.web.addresses import OWN_PASSKEYS
from bukhindor.web.edge.settings import WebSettings
from bukhindor.web.endpoint.call import Call
from bukhindor.web.endpoint.row import SignedInForm
from bukhindor.web.pages.own_pages import own_page, redirect
from bukhindor.web.pages.passkey_words import PASSKEYS


class RenamingForm(SignedInForm, frozen=True, kw_only=True):
    passkey: str = ""
    name: str = ""


class PasskeyRemovalForm(SignedInForm, frozen=True, kw_only=True):
    passkey: str = ""


async def show_own_passkeys(call: Call, settings: WebSettings, administration: PasskeyAdministration) -> Response:
    """Show the passkeys of a person"""
    words = PASSKEYS[call.exchange.language]
    passkeys = await administration.list(call.caller)
    return own_page(
        "own_passkeys.html", call, settings, title=words.title, words_of_passkeys=words, passkeys=passkeys, fetches=True
    )


async def rename_own_passkey(
    call: Call, settings: WebSettings, administration: PasskeyAdministration, body: RenamingForm
) -> Response:
    """Rename a passkey"""
    await administration.rename(call.caller, _passkey_id(body.passkey), PasskeyName.parse(body.name))
    return redirect(settings, OWN_PASSKEYS)


async def remove_own_passkey(
    call: Call, settings: WebSettings, administration: PasskeyAdministration, body: PasskeyRemovalForm
) -> Response:
    """Remove a passkey"""
    await administration.remove(call.caller, _passkey_id(body.passkey))
    return redirect(settings, OWN_PASSKEYS)


def _passkey_id(raw: str) -> UUID:
    """Raises PasskeyNotFound."""
    try:
        return UUID(raw)
    except ValueError:
        raise PasskeyNotFound from None
