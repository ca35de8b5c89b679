"""What a mailed link is good for when a person opens it."""

from datetime import timedelta

import pytest

from bukhindor.domain.one_time_token import LinkToken, Purpose
from bukhindor.domain.user import User
from bukhindor.services.mailed_links import LinkState, MailedLink
from tests.unit.services.proof_flows import CHANGE, FLOWS, RESET, SIGN_IN, VERIFY, Flow
from tests.unit.services.scene import Scene

DEAD = MailedLink(LinkState.DEAD)
MAILBOXES = {
    RESET: "a•••@example.com",
    VERIFY: "a•••@example.com",
    CHANGE: "n•••@example.com",
    SIGN_IN: "a•••@example.com",
}


async def mailed(scene: Scene, flow: Flow, user: User) -> LinkToken:
    """The link of the mail that was just asked for."""
    await flow.proofs(scene, user)
    return scene.link()


async def look(scene: Scene, flow: Flow, link: LinkToken) -> MailedLink:
    return await scene.services.mailed_links.look(flow.purpose, link)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.purpose)
async def test_a_fresh_link_is_usable_and_names_its_mailbox_masked(scene: Scene, flow: Flow) -> None:
    user = await scene.add_user("ann@example.com")
    link = await mailed(scene, flow, user)
    before = scene.snapshot()
    assert await look(scene, flow, link) == MailedLink(LinkState.USABLE, MAILBOXES[flow])
    assert scene.snapshot() == before
    await flow.confirm(scene, link)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.purpose)
async def test_a_link_that_can_not_be_used_is_dead_and_names_nothing(scene: Scene, flow: Flow) -> None:
    user = await scene.add_user("ann@example.com")
    replaced = await mailed(scene, flow, user)
    link = await mailed(scene, flow, user)
    assert await look(scene, flow, replaced) == DEAD
    for text in ("", "made up", "токен", "\0", link.token[:-1]):
        assert await look(scene, flow, LinkToken(text)) == DEAD
    for other in FLOWS:
        assert other is flow or await look(scene, other, link) == DEAD
    scene.clock.advance(flow.purpose.lifetime - timedelta(seconds=1))
    assert (await look(scene, flow, link)).state is LinkState.USABLE
    scene.clock.advance(timedelta(seconds=1))
    assert await look(scene, flow, link) == DEAD


@pytest.mark.parametrize("flow", [RESET, CHANGE, SIGN_IN], ids=lambda flow: flow.purpose)
async def test_a_used_link_is_dead(scene: Scene, flow: Flow) -> None:
    user = await scene.add_user("ann@example.com")
    link = await mailed(scene, flow, user)
    await flow.confirm(scene, link)
    assert await look(scene, flow, link) == DEAD


async def test_a_used_link_of_a_verified_address_is_done(scene: Scene) -> None:
    user = await scene.add_user("ann@example.com")
    link = await mailed(scene, VERIFY, user)
    await VERIFY.confirm(scene, link)
    assert await look(scene, VERIFY, link) == MailedLink(LinkState.DONE, "a•••@example.com")
    scene.clock.advance(Purpose.VERIFY_EMAIL.lifetime)
    assert await look(scene, VERIFY, link) == DEAD
