"""Settings: frozen, read once from the environment and a developer's `.env`; unsafe or unreadable ones are refused."""

from bukhindor.config.data_folder import development_secret
from bukhindor.config.errors import ConfigurationError
from bukhindor.config.mail import DevMailbox
from bukhindor.config.monitoring import LogFormat, LogLevel
from bukhindor.config.origins import AllowedOrigins
from bukhindor.config.settings import Environment, Settings
from bukhindor.config.sources import Origin, Variable
from bukhindor.config.unknown_variables import UnknownVariable

__all__ = [
    "AllowedOrigins",
    "ConfigurationError",
    "DevMailbox",
    "Environment",
    "LogFormat",
    "LogLevel",
    "Origin",
    "Settings",
    "UnknownVariable",
    "Variable",
    "development_secret",
]
