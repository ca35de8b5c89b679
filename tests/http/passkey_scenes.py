"""Passkeys of a person, made and used over HTTP by an authenticator in software."""

from typing import Any

import httpx

from tests.authenticator import HONEST, Authenticator, Forged, Key
from tests.http.service import PUBLIC_URL, Json, Service, Tokens

OPTIONS, SIGN_IN_OPTIONS = "/auth/passkeys/options", "/auth/passkeys/sign-in/options"
PASSKEYS, SIGN_IN = "/auth/passkeys", "/auth/passkeys/sign-in"


def on_the_web(**parts: Any) -> Authenticator:
    """A device at the service's own origin; `parts` are fields of Authenticator."""
    return Authenticator(PUBLIC_URL, **parts)


async def try_to_add(
    service: Service, device: Authenticator, person: Tokens, forged: Forged = HONEST, name: str = "Phone"
) -> httpx.Response:
    begun = (await service.post(OPTIONS, by=person)).json()
    made = device.create(begun["options"], forged)
    body = {"challenge_id": begun["challenge_id"], "credential": made, "name": name}
    return await service.post(PASSKEYS, body, by=person)


async def add(service: Service, device: Authenticator, person: Tokens, name: str = "Phone") -> Json:
    """A new passkey of the person, as the service shows it."""
    answer = await try_to_add(service, device, person, name=name)
    assert answer.status_code == 201, answer.text
    shown: Json = answer.json()
    return shown


async def proof(service: Service, device: Authenticator, forged: Forged = HONEST, key: Key | None = None) -> Json:
    """The body of a sign-in."""
    begun = (await service.post(SIGN_IN_OPTIONS)).json()
    return {"challenge_id": begun["challenge_id"], "credential": device.get(begun["options"], forged, key)}


async def sign_in(
    service: Service, device: Authenticator, forged: Forged = HONEST, key: Key | None = None
) -> httpx.Response:
    return await service.post(SIGN_IN, await proof(service, device, forged, key))


async def passkey_answers(service: Service) -> list[tuple[str, httpx.Response]]:
    """Real answers of every operation, good and bad, each with the name of its operation."""
    person, device = service.people.user, on_the_web()
    added = await try_to_add(service, device, person)
    path = f"{PASSKEYS}/{added.json()['id']}"
    body = await proof(service, device)
    return [
        ("passkey_options", await service.post(OPTIONS, by=person)),
        ("passkey_options", await service.post(OPTIONS)),
        ("add_passkey", added),
        ("add_passkey", await try_to_add(service, device, person, Forged(challenge=b"x"))),
        ("list_passkeys", await service.get(PASSKEYS, by=person)),
        ("rename_passkey", await service.patch(path, {"name": "Tablet"}, by=person)),
        ("rename_passkey", await service.patch(path, {"name": ""}, by=person)),
        ("passkey_sign_in_options", await service.post(SIGN_IN_OPTIONS)),
        ("sign_in_with_passkey", await service.post(SIGN_IN, body)),
        ("sign_in_with_passkey", await service.post(SIGN_IN, body)),
        ("export_me", await service.get("/auth/me/export", by=person)),
        ("remove_passkey", await service.delete(path, by=person)),
        ("remove_passkey", await service.delete(path, by=person)),
    ]
