"""A person who registers with the address of another one may plant a passkey (CVE-2024-38351)."""

import pytest

from tests.makers import ORIGIN, make_passkey
from tests.unit.services.proof_flows import VERIFY
from tests.unit.services.scene import DEVICE, NEW_PASSWORD, Scene


@pytest.mark.parametrize("was_verified", [True, False])
async def test_a_reset_ends_passkeys_that_are_older_than_the_proof_of_the_mailbox(
    scene: Scene, was_verified: bool
) -> None:
    user = await scene.add_user(email_verified=was_verified)
    await scene.store.passkeys.add(make_passkey(user))
    await scene.services.password_reset.request(user.email, ORIGIN)
    await scene.services.password_reset.confirm(scene.link(), NEW_PASSWORD, ORIGIN)
    assert bool(await scene.store.passkeys.of_user(user.id)) is was_verified


async def test_a_verification_by_a_stranger_ends_planted_passkeys(scene: Scene) -> None:
    user = await scene.add_user(email_verified=False)
    other = await scene.add_user()
    await scene.store.passkeys.add(make_passkey(user))
    await scene.store.passkeys.add(make_passkey(other))
    await scene.services.email_verification.confirm((await VERIFY.proofs(scene, user))["link"], ORIGIN)
    assert await scene.store.passkeys.of_user(user.id) == []
    assert len(await scene.store.passkeys.of_user(other.id)) == 1


async def test_a_sign_in_by_mail_that_verifies_the_address_ends_planted_passkeys(scene: Scene) -> None:
    user = await scene.add_user(email_verified=False)
    await scene.store.passkeys.add(make_passkey(user))
    await scene.services.sign_in_code.request(user.email, ORIGIN)
    await scene.services.sign_in_code.confirm(scene.link(), DEVICE, ORIGIN)
    assert await scene.store.passkeys.of_user(user.id) == []
