"""Inviting people, and accepting an invitation."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.caller import Caller, Operator, Person
from bukhindor.domain.email_address import EmailAddress
from bukhindor.domain.errors import (
    EmailTaken,
    Forbidden,
    InvalidAccessToken,
    InvalidOneTimeToken,
    InvalidValue,
    InvitationNotFound,
    RateLimited,
    ReauthenticationRequired,
    RegistrationClosed,
)
from bukhindor.domain.invitation import LIFETIME, Invitation
from bukhindor.domain.language import LanguageTag
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import LinkToken
from bukhindor.domain.password import NewPassword
from bukhindor.domain.user import Role, Status, User
from bukhindor.domain.ways_in import AddressPolicy, RegistrationMode, WaysIn
from tests.makers import ORIGIN, T0, address
from tests.unit.services.scene import COMMON_PASSWORD, PASSWORD, Scene

ANN = address("ann@example.com")
OPERATOR = Operator()
RUSSIAN = LanguageTag.parse("ru")


async def invite(
    scene: Scene, actor: Person = OPERATOR, email: EmailAddress = ANN, role: Role = Role.USER
) -> Invitation:
    return await scene.services.invitations.invite(actor, email, role)


async def accept(scene: Scene, link: LinkToken | None = None, password: NewPassword = PASSWORD) -> User:
    acceptance = scene.services.invitation_acceptance
    return await acceptance.accept(link or scene.link(), "Ann Example", password, ORIGIN)


async def test_an_invited_person_gets_one_mail_and_no_account_yet(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    invitations = scene.services.invitations
    invitation = await invitations.invite(admin, ANN, Role.GUEST, "Ann", RUSSIAN)
    assert (invitation.email, invitation.role, invitation.invited_by) == (ANN, Role.GUEST, admin.user.id)
    assert (invitation.created_at, invitation.expires_at) == (T0, T0 + LIFETIME)
    assert scene.mails() == [(LetterKind.INVITATION, "ann@example.com")]
    (letter,) = scene.writer.written
    assert letter.link == f"https://app.example.com/invitation?token={scene.newest_secret().token}"
    assert (letter.name, letter.language, letter.code) == ("Ann", RUSSIAN, "")
    assert list(scene.store.committed.users) == [admin.user.id]
    (event,) = scene.events()
    assert (event.type, event.actor_id, event.subject_id) == (AuditType.INVITED, admin.user.id, invitation.id)
    assert event.details == {"email": "a***@example.com", "role": "guest"}
    assert await invitations.all(admin) == [invitation]


async def test_the_link_is_kept_only_as_its_digest(scene: Scene) -> None:
    invitation = await invite(scene)
    token = scene.newest_secret().token
    assert invitation.token_hash == scene.secrets.hash_token(token)
    assert token not in repr(scene.store.committed.invitations)


async def test_the_link_becomes_a_verified_account_of_that_role(scene: Scene) -> None:
    """It starts no session, and works once."""
    await scene.services.invitations.invite(OPERATOR, ANN, Role.GUEST, language=RUSSIAN)
    user = await accept(scene)
    assert (user.email, user.role, user.email_verified) == (ANN, Role.GUEST, True)
    assert (user.name, user.language, user.password_hash) == ("Ann Example", RUSSIAN, f"hashed:{PASSWORD.reveal()}")
    assert scene.store.committed.users == {user.id: user}
    assert (scene.store.committed.sessions, scene.store.committed.invitations) == ({}, {})
    assert scene.recorded() == [AuditType.INVITED, AuditType.INVITATION_ACCEPTED]
    assert (scene.events()[-1].subject_id, scene.events()[-1].details["role"]) == (user.id, "guest")
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene)
    await scene.sign_in(user)


async def test_without_a_language_the_one_of_the_request_counts(scene: Scene) -> None:
    await invite(scene)
    acceptance = scene.services.invitation_acceptance
    user = await acceptance.accept(scene.link(), "Ann", PASSWORD, ORIGIN, RUSSIAN)
    assert user.language == RUSSIAN


async def test_fifty_acceptances_at_once_make_one_account(scene: Scene) -> None:
    await invite(scene)
    answers = await asyncio.gather(*(accept(scene) for _ in range(50)), return_exceptions=True)
    assert len([answer for answer in answers if isinstance(answer, User)]) == 1
    assert {type(answer) for answer in answers} == {User, InvalidOneTimeToken}
    assert len(scene.store.committed.users) == 1


async def test_an_address_with_an_account_is_not_invited(scene: Scene) -> None:
    await scene.add_user("ann@example.com")
    before = scene.snapshot()
    with pytest.raises(EmailTaken):
        await invite(scene)
    assert scene.snapshot() == before


async def test_an_address_that_got_an_account_meanwhile_keeps_it(scene: Scene) -> None:
    await invite(scene)
    user = await scene.add_user("ann@example.com")
    with pytest.raises(EmailTaken):
        await accept(scene)
    assert scene.store.committed.users == {user.id: user}


async def test_a_second_invitation_replaces_the_first(scene: Scene) -> None:
    await invite(scene)
    old = scene.link()
    scene.limiter.let_time_pass()
    second = await invite(scene, role=Role.GUEST)
    assert await scene.services.invitations.all(OPERATOR) == [second]
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene, old)
    assert (await accept(scene)).role is Role.GUEST


async def test_one_address_gets_one_mail_a_minute(scene: Scene) -> None:
    first = await invite(scene)
    with pytest.raises(RateLimited):
        await invite(scene)
    assert await scene.services.invitations.all(OPERATOR) == [first]
    assert len(scene.queued()) == 1


async def test_a_withdrawn_invitation_is_dead(scene: Scene) -> None:
    invitation = await invite(scene)
    await scene.services.invitations.withdraw(OPERATOR, invitation.id)
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene)
    assert AuditType.INVITATION_WITHDRAWN in scene.recorded()
    assert scene.store.committed.users == {}
    with pytest.raises(InvitationNotFound):
        await scene.services.invitations.withdraw(OPERATOR, invitation.id)


async def test_an_expired_invitation_is_dead_and_not_listed(scene: Scene) -> None:
    await invite(scene)
    scene.clock.advance(LIFETIME - timedelta(seconds=1))
    assert (await scene.services.invitation_acceptance.look(scene.link())).email == ANN
    scene.clock.advance(timedelta(seconds=1))
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.invitation_acceptance.look(scene.link())
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene)
    assert await scene.services.invitations.all(OPERATOR) == []
    assert scene.store.committed.users == {}
    await scene.services.upkeep.purge()
    assert scene.store.committed.invitations == {}


async def test_a_guess_is_counted_and_no_password_is_hashed_for_it(scene: Scene) -> None:
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene, LinkToken("guess"))
    (event,) = scene.events()
    assert (event.type, event.details) == (AuditType.PROOF_FAILED, {"purpose": "invitation", "what": "link"})
    assert scene.hasher.hashed == 0


async def test_looking_changes_nothing(scene: Scene) -> None:
    invitation = await invite(scene)
    before = scene.snapshot()
    assert await scene.services.invitation_acceptance.look(scene.link()) == invitation
    assert scene.snapshot() == before


async def test_a_refused_password_leaves_the_link_valid(scene: Scene) -> None:
    await invite(scene)
    with pytest.raises(InvalidValue):
        await accept(scene, password=COMMON_PASSWORD)
    assert scene.store.committed.users == {}
    assert (await accept(scene)).email == ANN


@pytest.mark.parametrize("role", [Role.USER, Role.GUEST])
async def test_only_administrators_invite_list_and_withdraw(scene: Scene, role: Role) -> None:
    caller = await scene.add_caller(role)
    invitation = await invite(scene)
    before = scene.snapshot()
    for call in (
        scene.services.invitations.invite(caller, address("bea@example.com")),
        scene.services.invitations.all(caller),
        scene.services.invitations.withdraw(caller, invitation.id),
    ):
        with pytest.raises(Forbidden):
            await call
    assert scene.snapshot() == before


async def test_an_administrator_who_is_none_any_more_invites_no_one(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    await scene.store.users.save(replace(admin.user, role=Role.USER))
    with pytest.raises(Forbidden):
        await invite(scene, admin)
    await scene.store.sessions.remove(admin.session.id)
    with pytest.raises(InvalidAccessToken):
        await invite(scene, admin, address("bea@example.com"))
    assert (scene.store.committed.invitations, scene.queued()) == ({}, [])


async def test_an_administrator_is_invited_after_a_fresh_sign_in_only(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    scene.clock.advance(timedelta(hours=1))
    with pytest.raises(ReauthenticationRequired):
        await invite(scene, admin, role=Role.ADMIN)
    assert (scene.store.committed.invitations, scene.queued()) == ({}, [])
    assert (await invite(scene, admin)).role is Role.USER
    scene.limiter.let_time_pass()
    assert (await invite(scene, OPERATOR, role=Role.ADMIN)).role is Role.ADMIN


async def admin_is_deleted(scene: Scene, admin: Caller) -> None:
    await scene.store.users.remove(admin.user.id)


async def admin_is_demoted(scene: Scene, admin: Caller) -> None:
    await scene.store.users.save(replace(admin.user, role=Role.USER))


async def admin_is_banned(scene: Scene, admin: Caller) -> None:
    await scene.store.users.save(replace(admin.user, status=Status.BANNED))


@pytest.mark.parametrize("event", [admin_is_deleted, admin_is_demoted, admin_is_banned])
async def test_an_inviter_who_is_gone_makes_no_administrator(scene: Scene, event: object) -> None:
    """What a stolen administrator's account has planted ends with it; others' invitations go on."""
    assert callable(event)
    admin = await scene.add_caller(Role.ADMIN)
    await invite(scene, admin, role=Role.ADMIN)
    planted = scene.link()
    await invite(scene, admin, address("bea@example.com"))
    ordinary = scene.link()
    assert (await scene.services.invitation_acceptance.look(planted)).role is Role.ADMIN
    await event(scene, admin)
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene, planted)
    assert (await accept(scene, ordinary)).role is Role.USER


async def test_an_administrator_invites_an_administrator(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    await invite(scene, admin, role=Role.ADMIN)
    assert (await accept(scene)).role is Role.ADMIN


@pytest.mark.parametrize("mode", [RegistrationMode.OPEN, RegistrationMode.INVITED])
async def test_invitations_work_unless_registration_is_closed(scene: Scene, mode: RegistrationMode) -> None:
    scene.set_ways_in(WaysIn(registration=mode))
    await invite(scene)
    link = scene.link()
    scene.set_ways_in(WaysIn(registration=RegistrationMode.CLOSED))
    with pytest.raises(RegistrationClosed):
        await invite(scene, email=address("bea@example.com"))
    with pytest.raises(RegistrationClosed):
        await accept(scene, link)
    scene.set_ways_in(WaysIn(registration=mode))
    assert (await accept(scene, link)).email == ANN


async def test_a_domain_that_is_not_accepted_is_not_invited(scene: Scene) -> None:
    scene.set_ways_in(WaysIn(addresses=AddressPolicy(blocked=frozenset({"example.com"}))))
    with pytest.raises(InvalidValue) as refusal:
        await invite(scene)
    assert refusal.value.code == "email_domain_not_accepted"
    assert (scene.store.committed.invitations, scene.queued()) == ({}, [])


async def test_an_account_that_takes_the_link_between_look_and_write_wins(scene: Scene) -> None:
    """The hash took time; the invitation was withdrawn meanwhile."""
    invitation = await invite(scene)
    link = scene.link()

    async def withdraw() -> None:
        await scene.services.invitations.withdraw(OPERATOR, invitation.id)

    scene.hasher.during_hash = withdraw
    with pytest.raises(InvalidOneTimeToken):
        await accept(scene, link)
    assert scene.store.committed.users == {}
