"""The four flows that begin with a mail, seen as one: ask, and confirm with what the mail carries."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bukhindor.domain.caller import Caller
from bukhindor.domain.one_time_token import Proof, Purpose
from bukhindor.domain.user import User
from tests.makers import ORIGIN, address
from tests.unit.services.scene import DEVICE, NEW_PASSWORD, PASSWORD, Scene

NEW_EMAIL = address("new@example.com")


@dataclass(frozen=True)
class Flow:
    purpose: Purpose
    ask: Callable[[Scene, User], Awaitable[object]]
    confirm: Callable[[Scene, Proof], Awaitable[object]]

    async def proofs(self, scene: Scene, user: User) -> dict[str, Proof]:
        """Ask, some time after the last mail, and return what came."""
        scene.limiter.let_time_pass()
        made = len(scene.secrets.made)
        await self.ask(scene, user)
        assert len(scene.secrets.made) == made + 1
        return {"link": scene.link(), "code": scene.code(user.email)}


async def _ask_for_change(scene: Scene, user: User) -> None:
    caller = Caller(user, await scene.add_session(user), ORIGIN)
    await scene.services.email_change.request(caller, NEW_EMAIL, PASSWORD)


RESET = Flow(
    Purpose.RESET_PASSWORD,
    lambda scene, user: scene.services.password_reset.request(user.email, ORIGIN),
    lambda scene, proof: scene.services.password_reset.confirm(proof, NEW_PASSWORD, ORIGIN),
)
VERIFY = Flow(
    Purpose.VERIFY_EMAIL,
    lambda scene, user: scene.services.email_verification.request(user.email, ORIGIN),
    lambda scene, proof: scene.services.email_verification.confirm(proof, ORIGIN),
)
CHANGE = Flow(
    Purpose.CHANGE_EMAIL,
    _ask_for_change,
    lambda scene, proof: scene.services.email_change.confirm(proof, ORIGIN),
)
SIGN_IN = Flow(
    Purpose.SIGN_IN,
    lambda scene, user: scene.services.sign_in_code.request(user.email, ORIGIN),
    lambda scene, proof: scene.services.sign_in_code.confirm(proof, DEVICE, ORIGIN),
)
FLOWS = (RESET, VERIFY, CHANGE, SIGN_IN)
