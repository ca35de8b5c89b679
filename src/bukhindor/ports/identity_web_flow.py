"""What browsers and apps keep of a sign-in at another provider."""

from typing import Protocol

from bukhindor.domain.identity_web_flow import ProvenIdentity, WebFlow


class WebFlowSeals(Protocol):
    """Sealed, and not stored."""

    def seal_flow(self, flow: WebFlow) -> str:
        """Return a text of letters, digits, `-` and `_` that only this server reads."""

    def open_flow(self, state: str) -> WebFlow | None:
        """Return None for any other text, also for a sealed identity."""

    def seal_identity(self, identity: ProvenIdentity) -> str:
        """Return a text of letters, digits, `-` and `_` that only this server reads."""

    def open_identity(self, code: str) -> ProvenIdentity | None:
        """Return None for any other text, also for a sealed flow."""
