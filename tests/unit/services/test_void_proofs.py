"""What makes a mailed link or code void before it is used."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bukhindor.domain.caller import Operator
from bukhindor.domain.errors import InvalidOneTimeToken
from bukhindor.domain.one_time_token import TypedCode
from bukhindor.domain.user import Role, Status, User, UserChanges
from tests.makers import ORIGIN, address, make_one_time_token
from tests.unit.services.proof_flows import CHANGE, FLOWS, RESET, SIGN_IN, VERIFY, Flow
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, Scene, Snapshot

BEA = address("bea@example.com")
Happening = Callable[[Scene, User], Awaitable[object]]


def admin_changes(changes: UserChanges) -> Happening:
    return lambda scene, user: scene.services.user_admin.change(Operator(), user.id, changes)


async def change_password(scene: Scene, user: User) -> None:
    await scene.services.password_change.change(
        await scene.caller_of(await scene.login(user.email)), PASSWORD, NEW_PASSWORD
    )


def confirms(flow: Flow) -> Happening:
    async def happen(scene: Scene, user: User) -> None:
        await flow.confirm(scene, (await flow.proofs(scene, user))["link"])

    return happen


async def delete_oneself(scene: Scene, user: User) -> None:
    await scene.services.own_account.delete(await scene.caller_of(await scene.login(user.email)), PASSWORD)


HAPPENINGS: dict[str, Happening] = {
    "banned": admin_changes(UserChanges(status=Status.BANNED)),
    "deactivated": admin_changes(UserChanges(status=Status.INACTIVE)),
    "address changed by an administrator": admin_changes(UserChanges(email=BEA)),
    "address changed": confirms(CHANGE),
    "password changed": change_password,
    "password reset": confirms(RESET),
    "verified by the mailbox alone": confirms(VERIFY),
    "verified by a first sign-in with a mail": confirms(SIGN_IN),
    "deleted": delete_oneself,
    "deleted by an administrator": lambda scene, user: scene.services.user_admin.remove(Operator(), user.id),
}


def users_without_wrong_codes(state: Snapshot) -> list[User]:
    return [replace(user, wrong_codes=0, last_wrong_code_at=None) for user in state[0].values()]


@pytest.mark.parametrize("what", HAPPENINGS)
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.purpose)
async def test_what_happens_to_the_account_makes_outstanding_proofs_void(scene: Scene, flow: Flow, what: str) -> None:
    """RST-06, SES-03: link and code, also when the account is active again, or back at its old address."""
    user = await scene.add_user("ann@example.com")
    proofs = await flow.proofs(scene, user)
    await HAPPENINGS[what](scene, user)
    stored = await scene.store.users.by_id(user.id)
    if stored is not None:
        await scene.store.users.save(replace(stored, status=Status.ACTIVE, email=user.email))
    before = scene.state()
    for proof in proofs.values():
        with pytest.raises(InvalidOneTimeToken):
            await flow.confirm(scene, proof)
    # The happening itself may have sent a reset mail, whose code the old one then is not.
    assert users_without_wrong_codes(scene.state()) == users_without_wrong_codes(before)
    assert scene.state()[1] == before[1]


@pytest.mark.parametrize("what", ["renamed", "new role", "refreshed"])
async def test_other_changes_leave_proofs_good(scene: Scene, what: str) -> None:
    user = await scene.add_user("ann@example.com")
    proof = (await RESET.proofs(scene, user))["link"]
    match what:
        case "renamed":
            await scene.services.user_admin.change(Operator(), user.id, UserChanges(name="Bea"))
        case "new role":
            await scene.services.user_admin.change(Operator(), user.id, UserChanges(role=Role.GUEST))
        case "refreshed":
            await scene.refresh(await scene.login(user.email))
    await RESET.confirm(scene, proof)


@pytest.mark.parametrize("flow", [RESET, VERIFY, SIGN_IN], ids=lambda flow: flow.purpose)
async def test_a_proof_of_another_mailbox_proves_nothing(scene: Scene, flow: Flow) -> None:
    """RST-07: it is bound to the address it was sent to, and gives the account no other."""
    user = await scene.add_user("ann@example.com")
    left = make_one_time_token(user, flow.purpose, email=BEA, code_hash=b"")
    code_hash = scene.secrets.hash_code("12345678", user.id, flow.purpose)
    await scene.store.one_time_tokens.put(replace(left, code_hash=code_hash))
    before = scene.snapshot()
    with pytest.raises(InvalidOneTimeToken):
        await flow.confirm(scene, TypedCode(user.email, "12345678"))
    assert scene.snapshot() == before


async def test_tokens_of_a_deleted_account_never_reach_the_one_that_comes_after_it(scene: Scene) -> None:
    """AZ-14."""
    user = await scene.add_user("ann@example.com")
    proofs = await RESET.proofs(scene, user)
    await scene.services.user_admin.remove(Operator(), user.id)
    again = await scene.services.registration.register("Ann", user.email, PASSWORD, ORIGIN)
    for proof in proofs.values():
        with pytest.raises(InvalidOneTimeToken):
            await RESET.confirm(scene, proof)
    assert await scene.user(again.id) == again
