"""Every endpoint: its path, who may call it, and what it can refuse. These tables are the security policy."""

from bukhindor.web.addresses import API
from bukhindor.web.api.routes.auth import AUTH
from bukhindor.web.api.routes.credentials import FACTORS, IDENTITIES, PASSKEYS
from bukhindor.web.api.routes.mailbox import MAILBOX
from bukhindor.web.api.routes.service import SERVICE
from bukhindor.web.api.routes.users import USERS

_OF_API = AUTH + FACTORS + PASSKEYS + IDENTITIES + MAILBOX + USERS
ENDPOINTS = SERVICE + tuple(endpoint.under(API) for endpoint in _OF_API)
