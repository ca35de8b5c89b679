"""Which language mails are written in: the recipient's, and that of the request only while it is not known."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bukhindor.domain.caller import Caller
from bukhindor.domain.device import Device
from bukhindor.domain.errors import IncorrectFactor, InvalidCredentials, InvalidOneTimeToken
from bukhindor.domain.factor import Factor, TotpCode
from bukhindor.domain.language import LanguageChoice, LanguageTag, tag_of
from bukhindor.domain.mail import LetterKind
from bukhindor.domain.one_time_token import TypedCode
from bukhindor.domain.origin import Language
from bukhindor.domain.passkey import CreatedCredential
from bukhindor.domain.rate_limit import MAX_CONSECUTIVE_FAILURES, WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.user import Role, UserChanges
from tests.makers import ORIGIN, T0, address, make_claims, make_identity, make_passkey
from tests.unit.services.proof_flows import CHANGE, RESET, VERIFY
from tests.unit.services.scene import NEW_PASSWORD, PASSWORD, WRONG_PASSWORD, Scene

ANN, NEW = address("ann@example.com"), address("new@example.com")
KAZAKH = LanguageTag("kk-KZ")
IN_RUSSIAN = replace(ORIGIN, language=Language.RUSSIAN)

Act = Callable[[Scene, Caller, Caller], Awaitable[object]]


async def guess_a_password(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.store.users.save(ann.user.with_failed_sign_ins(MAX_CONSECUTIVE_FAILURES - 1))
    with pytest.raises(InvalidCredentials):
        await scene.login(ANN, WRONG_PASSWORD, origin=IN_RUSSIAN)


async def guess_a_code(scene: Scene, ann: Caller, _: Caller) -> None:
    await RESET.proofs(scene, ann.user)
    last = WRONG_CODES_PER_ACCOUNT.hits - 1
    await scene.store.users.save(replace(ann.user, wrong_codes=last, last_wrong_code_at=T0))
    with pytest.raises(InvalidOneTimeToken):
        await scene.services.password_reset.confirm(TypedCode(ANN, "00000000"), NEW_PASSWORD, IN_RUSSIAN)


async def add_a_password(scene: Scene, ann: Caller, _: Caller) -> None:
    without = replace(ann, user=replace(ann.user, password_hash=None))
    await scene.store.users.save(without.user)
    await scene.services.first_password.add(without, NEW_PASSWORD)


async def confirm_a_move(scene: Scene, ann: Caller, _: Caller) -> None:
    await CHANGE.confirm(scene, (await CHANGE.proofs(scene, ann.user))["link"])


async def confirm_as_a_stranger(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.services.email_verification.confirm((await VERIFY.proofs(scene, ann.user))["link"], IN_RUSSIAN)


async def add_a_factor(scene: Scene, ann: Caller) -> Factor:
    """Confirm a first one, with the language of the request."""
    factor = (await scene.services.second_factors.add_totp(ann, None)).factor
    await scene.services.second_factors.confirm(ann, factor.id, scene.code_of(factor), end_other_sessions=False)
    return factor


async def remove_a_factor(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.services.second_factors.remove(ann, (await add_a_factor(scene, ann)).id)


async def make_recovery_codes(scene: Scene, ann: Caller, _: Caller) -> None:
    await add_a_factor(scene, ann)
    await scene.services.second_factors.renew_recovery_codes(replace(await scene.caller_again(ann), origin=IN_RUSSIAN))


async def use_recovery_codes(scene: Scene, ann: Caller, _: Caller) -> None:
    await add_a_factor(scene, ann)
    for code in scene.recovery.made[:8]:
        await scene.services.reauthentication.prove(ann, code)


async def guess_a_factor(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.store.users.save(ann.user.with_failed_factors(MAX_CONSECUTIVE_FAILURES - 1))
    with pytest.raises(IncorrectFactor):
        await scene.services.reauthentication.prove(ann, TotpCode("123456"))


async def add_a_passkey(scene: Scene, ann: Caller, _: Caller) -> None:
    challenge, _options = await scene.services.passkey_administration.options(ann)
    made = CreatedCredential(b"id", challenge.value, b"key")
    await scene.services.passkey_administration.add(ann, challenge.id, made)


async def remove_a_passkey(scene: Scene, ann: Caller, _: Caller) -> None:
    passkey = make_passkey(ann.user)
    await scene.store.passkeys.add(passkey)
    await scene.services.passkey_administration.remove(ann, passkey.id)


async def link_an_identity(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.services.identities.link_claims(ann, make_claims(), None)


async def join_an_account(scene: Scene, ann: Caller, _: Caller) -> None:
    await scene.store.users.save(replace(ann.user, email_verified=True))
    await scene.services.identity_sign_in.by_claims(make_claims(), None, Device(), IN_RUSSIAN)


async def unlink_an_identity(scene: Scene, ann: Caller, _: Caller) -> None:
    identity = make_identity(ann.user)
    await scene.store.identities.add(identity)
    await scene.services.identities.unlink(ann, identity.id)


ACTS: dict[LetterKind, tuple[Act, ...]] = {
    LetterKind.VERIFY_EMAIL: (lambda scene, *_: scene.services.email_verification.request(ANN, IN_RUSSIAN),),
    LetterKind.RESET_PASSWORD: (
        lambda scene, *_: scene.services.password_reset.request(ANN, IN_RUSSIAN),
        lambda scene, ann, admin: scene.services.user_admin.send_password_reset(admin, ann.user.id),
        confirm_as_a_stranger,
    ),
    LetterKind.SIGN_IN_CODE: (lambda scene, *_: scene.services.sign_in_code.request(ANN, IN_RUSSIAN),),
    LetterKind.CHANGE_EMAIL: (lambda scene, ann, _: scene.services.email_change.request(ann, NEW, PASSWORD),),
    LetterKind.EMAIL_CHANGE_ASKED: (lambda scene, ann, _: scene.services.email_change.request(ann, NEW, PASSWORD),),
    LetterKind.EMAIL_CHANGED: (
        confirm_a_move,
        lambda scene, ann, admin: scene.services.user_admin.change(admin, ann.user.id, UserChanges(email=NEW)),
    ),
    LetterKind.PASSWORD_ADDED: (add_a_password,),
    LetterKind.PASSWORD_CHANGED: (
        lambda scene, ann, _: scene.services.password_change.change(ann, PASSWORD, NEW_PASSWORD),
    ),
    LetterKind.PASSWORD_DISABLED: (guess_a_password,),
    LetterKind.CODES_DISABLED: (guess_a_code,),
    LetterKind.FACTOR_ADDED: (lambda scene, ann, _: add_a_factor(scene, ann),),
    LetterKind.FACTOR_REMOVED: (remove_a_factor,),
    LetterKind.FACTORS_RESET: (lambda scene, ann, admin: scene.services.factor_reset.reset(admin, ann.user.id),),
    LetterKind.FACTORS_DISABLED: (guess_a_factor,),
    LetterKind.RECOVERY_CODES_MADE: (make_recovery_codes,),
    LetterKind.RECOVERY_CODE_USED: (use_recovery_codes,),
    LetterKind.FEW_RECOVERY_CODES: (use_recovery_codes,),
    LetterKind.PASSKEY_ADDED: (add_a_passkey,),
    LetterKind.PASSKEY_REMOVED: (remove_a_passkey,),
    LetterKind.IDENTITY_LINKED: (link_an_identity, join_an_account),
    LetterKind.IDENTITY_UNLINKED: (unlink_an_identity,),
    LetterKind.NEW_DEVICE: (lambda scene, *_: scene.login(ANN, device=Device("another"), origin=IN_RUSSIAN),),
    LetterKind.ACCOUNT_LOCKED: (lambda scene, ann, _: scene.services.lockdown.lock_own(ann),),
    LetterKind.ACCOUNT_DELETED: (
        lambda scene, ann, _: scene.services.own_account.delete(ann, PASSWORD),
        lambda scene, ann, admin: scene.services.user_admin.remove(admin, ann.user.id),
    ),
}


def test_every_kind_of_mail_is_here() -> None:
    # A person who is invited has no account yet.
    assert set(ACTS) == set(LetterKind) - {LetterKind.INVITATION}


@pytest.mark.parametrize("known", [KAZAKH, None], ids=["known", "not known"])
@pytest.mark.parametrize(("kind", "act"), [(kind, act) for kind, acts in ACTS.items() for act in acts])
async def test_a_mail_to_a_person_with_an_account_is_in_their_language(
    scene: Scene, kind: LetterKind, act: Act, known: LanguageTag | None
) -> None:
    """For every cause and every origin. Before the account has a language, the request's is the best guess."""
    ann = await scene.add_caller(email="ann@example.com", language=known, last_login_at=T0)
    admin = await scene.add_caller(Role.ADMIN, language=LanguageTag("de"))
    await act(scene, replace(ann, origin=IN_RUSSIAN), replace(admin, origin=IN_RUSSIAN))
    letters = [letter for letter in scene.writer.written if letter.kind is kind]
    assert letters
    if known is not None:
        assert {letter.language for letter in letters} == {known}
    else:
        assert letters[-1].language in (tag_of(Language.RUSSIAN), tag_of(ORIGIN.language))


async def test_the_first_mail_is_in_the_language_of_the_registration(scene: Scene) -> None:
    user = await scene.services.registration.register("Ann", ANN, PASSWORD, ORIGIN, KAZAKH)
    assert (user.language, scene.writer.written[-1].language) == (KAZAKH, KAZAKH)
    stranger = await scene.services.registration.register("Bea", NEW, PASSWORD, IN_RUSSIAN)
    assert (stranger.language, scene.writer.written[-1].language) == (None, tag_of(Language.RUSSIAN))


async def test_an_administrator_creates_an_account_in_the_language_of_its_person(scene: Scene) -> None:
    admin = await scene.add_caller(Role.ADMIN)
    user = await scene.services.user_admin.create(admin, "Ann", ANN, PASSWORD, language=KAZAKH)
    assert (user.language, scene.writer.written[-1].language) == (KAZAKH, KAZAKH)


async def test_a_changed_language_holds_for_the_next_mail(scene: Scene) -> None:
    ann = await scene.add_caller(email="ann@example.com", language=KAZAKH)
    await scene.services.profile.change(ann, UserChanges(language=LanguageChoice("en-GB")))
    await scene.services.password_reset.request(ANN, IN_RUSSIAN)
    assert scene.writer.written[-1].language == LanguageTag("en-GB")
