"""A mail reports a sign-in from a device that the account does not know."""

from datetime import timedelta
from uuid import UUID

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.device import AppType, Device
from bukhindor.domain.errors import InvalidCredentials
from bukhindor.domain.language import tag_of
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.origin import Language, Origin
from bukhindor.domain.user import User
from tests.makers import address
from tests.unit.services.scene import WRONG_PASSWORD, Scene

ANN = address("ann@example.com")
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:131.0) Gecko/20100101 Firefox/131.0"
PHONE = Device("phone-1", AppType.ANDROID, "1.2", "192.0.2.1", "Bukhindor/1.2 (Android)")
BROWSER = Device(ip="192.0.2.2", user_agent=FIREFOX)
MINUTE = timedelta(minutes=1)


async def add_user(scene: Scene) -> User:
    """Ann, who has signed in with her phone."""
    user = await scene.add_user("ann@example.com")
    await scene.login(ANN, device=PHONE)
    assert scene.mails() == []
    return user


async def test_a_new_device_is_reported_with_its_name_and_address(scene: Scene) -> None:
    """LGN-15: in the language of that device."""
    user = await add_user(scene)
    await scene.login(ANN, device=BROWSER, origin=Origin("192.0.2.2", FIREFOX, language=Language.RUSSIAN))
    assert scene.mails() == [(LetterKind.NEW_DEVICE, "ann@example.com")]
    (letter,) = scene.writer.written
    assert (letter.device, letter.ip, letter.language) == ("Firefox on Windows", "192.0.2.2", tag_of(Language.RUSSIAN))
    assert (letter.link, letter.code) == ("", "")
    assert scene.queued()[0].user_id == user.id


@pytest.mark.parametrize(
    "device",
    [PHONE, Device("phone-1", AppType.ANDROID, "2.0", "198.51.100.9", "Bukhindor/2.0 (Android)")],
    ids=["same", "updated and elsewhere"],
)
async def test_a_known_device_is_not_told(scene: Scene, device: Device) -> None:
    await add_user(scene)
    scene.clock.advance(MINUTE)
    await scene.login(ANN, device=device)
    assert scene.mails() == []


async def test_without_an_id_the_program_is_the_device(scene: Scene) -> None:
    await add_user(scene)
    for ip in ("192.0.2.2", "192.0.2.3"):
        await scene.login(ANN, device=Device(ip=ip, user_agent=FIREFOX))
    assert len(scene.mails()) == 1


async def test_the_very_first_sign_in_is_no_news(scene: Scene) -> None:
    await scene.add_user("ann@example.com")
    await scene.login(ANN, device=BROWSER)
    assert scene.mails() == []


async def test_a_device_whose_session_has_ended_is_new_again(scene: Scene) -> None:
    """LGN-15: after a log-out everywhere the owner wants to know who comes."""
    await add_user(scene)
    caller = await scene.caller_of(await scene.login(ANN, device=PHONE))
    await scene.services.sessions.log_out_everywhere(caller, keep_current=False)
    await scene.login(ANN, device=PHONE)
    assert scene.mails() == [(LetterKind.NEW_DEVICE, "ann@example.com")]


async def test_another_accounts_device_is_new_to_this_one(scene: Scene) -> None:
    await add_user(scene)
    await scene.add_user("bea@example.com")
    await scene.login(address("bea@example.com"), device=BROWSER)
    await scene.login(ANN, device=BROWSER)
    assert scene.mails() == [(LetterKind.NEW_DEVICE, "ann@example.com")]


async def test_who_does_not_come_in_causes_no_mail(scene: Scene) -> None:
    """LGN-15, RST-12: otherwise any client could fill the mailbox."""
    await add_user(scene)
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, WRONG_PASSWORD, BROWSER)
    assert scene.mails() == []


async def sign_in_on_phone(scene: Scene, proof: str = "") -> UUID:
    """The id of the session that a sign-in with Ann's phone starts."""
    return (await scene.caller_of(await scene.login(ANN, device=PHONE, device_proof=proof))).session.id


async def test_signing_in_again_ends_the_session_that_the_device_proves(scene: Scene) -> None:
    """Several devices send the same id: only the session that the proof names ends, wherever it stands among them."""
    user = await scene.add_user("ann@example.com")
    first, second, third = [await sign_in_on_phone(scene) for _ in range(3)]
    proof = scene.device_proofs.issue(user.id, second, scene.clock.now())
    new = await sign_in_on_phone(scene, proof)
    assert {session.id for session in await scene.store.sessions.of_user(user.id)} == {first, third, new}
    assert scene.events(AuditType.SIGNED_IN)[-1].details["replaced"] == str(second)


async def test_a_proof_of_a_session_that_has_ended_replaces_none(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    first, second = [await sign_in_on_phone(scene) for _ in range(2)]
    new = await sign_in_on_phone(scene, scene.device_proofs.issue(user.id, UUID(int=0), scene.clock.now()))
    assert {session.id for session in await scene.store.sessions.of_user(user.id)} == {first, second, new}
    assert "replaced" not in scene.events(AuditType.SIGNED_IN)[-1].details
