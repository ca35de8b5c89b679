"""The ASGI lifespan conversation: the application opens its resources before serving and closes them after."""

import asyncio
from typing import Any

from uvicorn.config import Config


class LifespanFailed(RuntimeError):
    """The application reported a failed start-up or shutdown without raising."""


class Lifespan:
    """Takes the place of uvicorn's class of that purpose, which logs a traceback and ends the process itself."""

    def __init__(self, config: Config) -> None:
        self.state: dict[str, Any] = {}
        self.should_exit = False
        self._app = config.loaded_app
        self._asgi_version = config.asgi_version
        self._to_app: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Returns when the application is open. Raises what the application raised, or LifespanFailed."""
        scope = {
            "type": "lifespan",
            "asgi": {"version": self._asgi_version, "spec_version": "2.0"},
            "state": self.state,
        }
        self._task = asyncio.get_running_loop().create_task(self._app(scope, self._to_app.get, self._from_app.put))
        await self._ask("startup", self._task)

    async def shutdown(self) -> None:
        """Returns when the application is closed. Raises what the application raised, or LifespanFailed."""
        if self._task is not None:
            await self._ask("shutdown", self._task)

    async def _ask(self, phase: str, task: asyncio.Task[None]) -> None:
        await self._to_app.put({"type": f"lifespan.{phase}"})
        answer = asyncio.create_task(self._from_app.get())
        try:
            await asyncio.wait({answer, task}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                # The application ended without a word.
                await task
                raise LifespanFailed(f"the application ended during {phase}")
            message = answer.result()
            if message["type"] == f"lifespan.{phase}.failed":
                # Frameworks report the traceback as text and then raise; the exception itself says it better.
                await asyncio.wait_for(task, 1.0)
                raise LifespanFailed(str(message.get("message") or f"{phase} failed"))
        finally:
            answer.cancel()
