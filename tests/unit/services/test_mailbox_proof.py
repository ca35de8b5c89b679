"""What came back from a mailbox: the token of a link, or an address and a typed code."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bukhindor.domain.audit import AuditType
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    BukhindorError,
    InvalidOneTimeToken,
    StoreUnavailable,
)
from bukhindor.domain.one_time_token import MAX_CODE_TRIES, LinkToken, Proof, TypedCode
from bukhindor.domain.rate_limit import WRONG_CODES_PER_ACCOUNT
from bukhindor.domain.user import Status
from tests.makers import address
from tests.unit.services.proof_flows import CHANGE, FLOWS, RESET, SIGN_IN, VERIFY, Flow
from tests.unit.services.scene import Scene

MOMENT = timedelta(microseconds=1)
FORMS = ("link", "code")
EACH_FLOW = pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.purpose)
EACH_FLOW_THAT_USES_UP = pytest.mark.parametrize("flow", [RESET, CHANGE, SIGN_IN], ids=lambda flow: flow.purpose)
"""A proof of a verification stays and changes nothing more: see test_email_verification.py."""
EACH_FORM = pytest.mark.parametrize("form", FORMS)


async def assert_refused(scene: Scene, flow: Flow, proof: Proof) -> None:
    """The proof is not good, and trying it changed nothing; the attempt is counted, with a code or a link."""
    before, failures, issued = scene.state(), failed_attempts(scene), len(scene.access_tokens.issued)
    with pytest.raises(InvalidOneTimeToken):
        await flow.confirm(scene, proof)
    assert scene.state() == before
    assert failed_attempts(scene) == failures + 1
    assert len(scene.access_tokens.issued) == issued


def failed_attempts(scene: Scene) -> int:
    return sum(event.attempts for event in scene.events(AuditType.PROOF_FAILED))


def wrong(code: Proof) -> TypedCode:
    assert isinstance(code, TypedCode)
    return replace(code, code="99999999")


async def guess(scene: Scene, flow: Flow, code: Proof, times: int) -> None:
    for _ in range(times):
        with pytest.raises(InvalidOneTimeToken):
            await flow.confirm(scene, wrong(code))


@EACH_FORM
@EACH_FLOW_THAT_USES_UP
async def test_a_proof_is_good_once_and_takes_its_other_form_with_it(scene: Scene, flow: Flow, form: str) -> None:
    """RST-05, RST-13, RST-14."""
    user = await scene.add_user()
    proofs = await flow.proofs(scene, user)
    await flow.confirm(scene, proofs[form])
    for used in FORMS:
        await assert_refused(scene, flow, proofs[used])


@EACH_FORM
@EACH_FLOW_THAT_USES_UP
async def test_of_twenty_confirmations_at_once_one_succeeds(scene: Scene, flow: Flow, form: str) -> None:
    """RST-05, REL-18."""
    proofs = await flow.proofs(scene, await scene.add_user())
    answers = await asyncio.gather(*(flow.confirm(scene, proofs[form]) for _ in range(20)), return_exceptions=True)
    refused = [type(answer) for answer in answers if isinstance(answer, BaseException)]
    assert refused == [InvalidOneTimeToken] * 19


@EACH_FORM
@EACH_FLOW
async def test_a_newer_mail_makes_the_older_void(scene: Scene, flow: Flow, form: str) -> None:
    """RST-06: its code is a wrong one from now on."""
    user = await scene.add_user()
    older, newer = await flow.proofs(scene, user), await flow.proofs(scene, user)
    with pytest.raises(InvalidOneTimeToken):
        await flow.confirm(scene, older[form])
    token = await scene.one_time_token(user, flow.purpose)
    assert token is not None
    assert token.failed_tries == (1 if form == "code" else 0)
    await flow.confirm(scene, newer[form])


@EACH_FORM
@EACH_FLOW
async def test_a_proof_lives_as_long_as_its_purpose_says(scene: Scene, flow: Flow, form: str) -> None:
    """RST-04, RST-13: 60 minutes, for a verification 24 hours; at its end it is over."""
    user = await scene.add_user()
    early = (await flow.proofs(scene, user))[form]
    scene.clock.advance(flow.purpose.lifetime)
    await assert_refused(scene, flow, early)
    late = (await flow.proofs(scene, user))[form]
    scene.clock.advance(flow.purpose.lifetime - MOMENT)
    await flow.confirm(scene, late)


@EACH_FORM
@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.purpose)
@pytest.mark.parametrize("elsewhere", FLOWS, ids=lambda flow: f"at-{flow.purpose}")
async def test_a_proof_is_good_for_its_purpose_only(scene: Scene, flow: Flow, elsewhere: Flow, form: str) -> None:
    """RST-07, JWT-08: whether or not something was asked for there, too; and it stays good for its own purpose."""
    user = await scene.add_user()
    proof = (await flow.proofs(scene, user))[form]
    if elsewhere is not flow:
        await assert_refused(scene, elsewhere, proof)
        other = (await elsewhere.proofs(scene, user))["link"]
        before = await scene.user(user.id)
        with pytest.raises(InvalidOneTimeToken):
            await elsewhere.confirm(scene, proof)
        after = await scene.user(user.id)
        assert replace(after, wrong_codes=0, last_wrong_code_at=None) == before
        assert after.wrong_codes == (1 if form == "code" else 0)
        assert isinstance(other, LinkToken)
    await flow.confirm(scene, proof)


@EACH_FLOW
async def test_a_code_is_good_for_its_own_account_only(scene: Scene, flow: Flow) -> None:
    """RST-07: beside another address it is a wrong code; nothing happens to that account."""
    ann, bea = await scene.add_user("ann@example.com"), await scene.add_user("bea@example.com")
    await RESET.proofs(scene, bea)
    proofs = await flow.proofs(scene, ann)
    code = proofs["code"]
    assert isinstance(code, TypedCode)
    with pytest.raises(InvalidOneTimeToken):
        await flow.confirm(scene, replace(code, email=bea.email))
    # Where a mail waits for the other account, it was a wrong code of that account; nothing else happened to it.
    is_wrong_code = flow is RESET
    expected = bea.after_wrong_code(scene.clock.now(), WRONG_CODES_PER_ACCOUNT) if is_wrong_code else bea
    assert await scene.user(bea.id) == expected
    await flow.confirm(scene, code)
    assert await scene.user(bea.id) == expected


@EACH_FLOW
async def test_four_wrong_codes_leave_the_right_one_good(scene: Scene, flow: Flow) -> None:
    proofs = await flow.proofs(scene, await scene.add_user())
    await guess(scene, flow, proofs["code"], MAX_CODE_TRIES - 1)
    await flow.confirm(scene, proofs["code"])


@EACH_FLOW
async def test_five_wrong_codes_kill_the_code_and_not_the_link(scene: Scene, flow: Flow) -> None:
    """RST-12: who knows an address can't keep its owner from what the owner asked for."""
    user = await scene.add_user()
    proofs = await flow.proofs(scene, user)
    await guess(scene, flow, proofs["code"], MAX_CODE_TRIES)
    await assert_refused(scene, flow, proofs["code"])
    await assert_refused(scene, flow, wrong(proofs["code"]))
    await flow.confirm(scene, proofs["link"])


@EACH_FLOW
async def test_a_newer_code_has_its_own_five_tries(scene: Scene, flow: Flow) -> None:
    user = await scene.add_user()
    await guess(scene, flow, (await flow.proofs(scene, user))["code"], MAX_CODE_TRIES)
    await flow.confirm(scene, (await flow.proofs(scene, user))["code"])


@EACH_FLOW
async def test_ten_wrong_codes_for_an_account_leave_only_links(scene: Scene, flow: Flow) -> None:
    """RST-12: newer codes are refused too, even when they are right; the owner still comes in by the link."""
    user = await scene.add_user()
    for _ in range(WRONG_CODES_PER_ACCOUNT.hits // MAX_CODE_TRIES):
        await guess(scene, flow, (await flow.proofs(scene, user))["code"], MAX_CODE_TRIES)
    proofs = await flow.proofs(scene, user)
    await assert_refused(scene, flow, proofs["code"])
    await flow.confirm(scene, proofs["link"])


@EACH_FLOW
async def test_fifty_guesses_at_once_get_five_tries(scene: Scene, flow: Flow) -> None:
    """RST-12: each is counted before the next is compared, and the right one comes too late."""
    user = await scene.add_user()
    code = (await flow.proofs(scene, user))["code"]
    commits = scene.store.commits
    guesses = [*[wrong(code)] * 49, code]
    answers = await asyncio.gather(*(flow.confirm(scene, one) for one in guesses), return_exceptions=True)
    assert {type(answer) for answer in answers} == {InvalidOneTimeToken}
    token = await scene.one_time_token(user, flow.purpose)
    assert token is not None
    assert token.failed_tries == MAX_CODE_TRIES
    assert scene.store.commits == commits + len(guesses)


@EACH_FLOW
async def test_a_wrong_code_is_not_answered_before_it_is_counted(scene: Scene, flow: Flow) -> None:
    code = (await flow.proofs(scene, await scene.add_user()))["code"]
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await flow.confirm(scene, wrong(code))


GARBAGE: tuple[Proof, ...] = (
    LinkToken(""),
    LinkToken("nonsense"),
    LinkToken("\ud800"),
    TypedCode(address("nobody@example.com"), "00000001"),
    TypedCode(address("ann@example.com"), "00000001"),
)


@EACH_FLOW
async def test_what_was_never_mailed_is_refused_for_known_and_unknown_alike(scene: Scene, flow: Flow) -> None:
    await scene.add_user("ann@example.com")
    for proof in GARBAGE:
        await assert_refused(scene, flow, proof)
    assert (scene.store.commits, scene.hasher.hashed) == (len(GARBAGE), 0)
    # One event for the links and one for the codes, however many there were.
    assert sorted(event.attempts for event in scene.events()) == [2, 3]


@pytest.mark.parametrize("flow", [RESET, CHANGE, VERIFY], ids=lambda flow: flow.purpose)
@pytest.mark.parametrize(("status", "refusal"), [(Status.BANNED, AccountBanned), (Status.INACTIVE, AccountInactive)])
async def test_a_closed_account_is_opened_by_no_proof(
    scene: Scene, flow: Flow, status: Status, refusal: type[BukhindorError]
) -> None:
    """RST-13: even one that was left; it is not used up either."""
    user = await scene.add_user()
    proofs = await flow.proofs(scene, user)
    await scene.store.users.save(replace(user, status=status))
    before = scene.snapshot()
    for form in FORMS:
        with pytest.raises(refusal):
            await flow.confirm(scene, proofs[form])
    assert scene.snapshot() == before


@EACH_FLOW
async def test_a_confirmation_that_was_not_stored_leaves_the_proof_good(scene: Scene, flow: Flow) -> None:
    proofs = await flow.proofs(scene, await scene.add_user())
    before = scene.snapshot()
    scene.store.fail_next_commit = True
    with pytest.raises(StoreUnavailable):
        await flow.confirm(scene, proofs["link"])
    assert scene.snapshot() == before
    await flow.confirm(scene, proofs["link"])


def test_token_and_code_are_not_printed() -> None:
    """LOG-01."""
    assert "s3cret" not in repr((LinkToken("s3cret"), TypedCode(address("ann@example.com"), "s3cret")))
