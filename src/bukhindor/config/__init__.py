"""Settings: frozen, read once from the environment and a developer's `.env`; unsafe or unreadable ones are refused."""

from bukhindor.config.data_folder import development_secret
from bukhindor.config.errors import ConfigurationError
from bukhindor.config.origins import AllowedOrigins
from bukhindor.config.settings import DevMailbox, Environment, LogFormat, LogLevel, Settings
from bukhindor.config.sources import Origin
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
    "development_secret",
]
