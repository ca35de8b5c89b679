"""Texts that count, and what they stand for."""

from bukhindor.domain.identity_web_flow import ProvenIdentity, WebFlow


class FakeWebFlowSeals:
    def __init__(self) -> None:
        self._flows: dict[str, WebFlow] = {}
        self._identities: dict[str, ProvenIdentity] = {}

    def seal_flow(self, flow: WebFlow) -> str:
        state = f"flow-{len(self._flows) + 1}"
        self._flows[state] = flow
        return state

    def open_flow(self, state: str) -> WebFlow | None:
        return self._flows.get(state)

    def seal_identity(self, identity: ProvenIdentity) -> str:
        code = f"identity-{len(self._identities) + 1}"
        self._identities[code] = identity
        return code

    def open_identity(self, code: str) -> ProvenIdentity | None:
        return self._identities.get(code)
