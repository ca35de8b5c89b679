"""The HTTP server: uvicorn, with limits on what a client may take and an orderly end."""

from bukhindor.web.server.graceful import EXIT_CUT_OFF, EXIT_FINISHED, GracefulServer, run_server
from bukhindor.web.server.head import ConnectionLimits
from bukhindor.web.server.lifespan import LifespanFailed
from bukhindor.web.server.listener import CannotListen

__all__ = [
    "EXIT_CUT_OFF",
    "EXIT_FINISHED",
    "CannotListen",
    "ConnectionLimits",
    "GracefulServer",
    "LifespanFailed",
    "run_server",
]
