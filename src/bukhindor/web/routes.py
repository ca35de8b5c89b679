"""Every endpoint: where it is, who may call it, what it can refuse. This table is the security policy."""

from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    EmailTaken,
    Forbidden,
    IncorrectPassword,
    InvalidCredentials,
    InvalidRefreshToken,
    LastAdmin,
    RefreshTokenReused,
    SessionNotFound,
    StoreUnavailable,
    TooBusy,
    UserNotFound,
)
from bukhindor.services.authentication import Authentication
from bukhindor.services.password_change import PasswordChange
from bukhindor.services.profile import Profile
from bukhindor.services.registration import Registration
from bukhindor.services.sessions import Sessions
from bukhindor.services.sign_in import SignIn
from bukhindor.services.token_refresh import TokenRefresh
from bukhindor.services.user_admin import UserAdmin
from bukhindor.web import (
    health,
    password_change,
    profile,
    registration,
    sessions,
    sign_in,
    signing_key_ring,
    token_refresh,
    user_admin,
)
from bukhindor.web.endpoint import Access, Endpoint
from bukhindor.web.errors import NotReady

API = "/api/v1"

# Other ways to the same endpoints: a front end's proxy strips /api from what its pages ask for.
ALIASES = (("/v1/", "/api/v1/"), ("/api/health", "/health"))

_ANYONE, _TOKEN, _SIGNED_IN, _ADMIN = Access.ANYONE, Access.TOKEN_HOLDER, Access.SIGNED_IN, Access.ADMIN
_USER = "/users/{user_id:str}"

# fmt: off
_HEALTH = (
    Endpoint("GET", "/health", health.health, _ANYONE, "Service"),
    Endpoint("GET", "/health/live", health.live, _ANYONE, "Service"),
    Endpoint("GET", "/health/ready", health.ready, _ANYONE, "Service", refuses=(NotReady,)),
    Endpoint("GET", "/.well-known/jwks.json", signing_key_ring.jwks, _ANYONE, "Service", refuses=(StoreUnavailable,)),
)
_AUTH = (
    Endpoint("POST", "/auth/register", registration.register, _ANYONE, "Account", 201, (EmailTaken, TooBusy),
             rules=Registration.register),
    Endpoint("POST", "/auth/login", sign_in.login, _ANYONE, "Sign-in",
             refuses=(InvalidCredentials, AccountBanned, AccountInactive, TooBusy), rules=SignIn.login),
    Endpoint("POST", "/auth/refresh", token_refresh.refresh, _ANYONE, "Sign-in",
             refuses=(InvalidRefreshToken, RefreshTokenReused, AccountBanned, AccountInactive),
             rules=TokenRefresh.refresh),
    Endpoint("POST", "/auth/logout", sessions.logout, _TOKEN, "Sessions", rules=Sessions.log_out),
    Endpoint("POST", "/auth/logout-all", sessions.logout_all, _SIGNED_IN, "Sessions",
             rules=Sessions.log_out_everywhere),
    Endpoint("GET", "/auth/me", profile.me, _SIGNED_IN, "Account", rules=Authentication.authenticate),
    Endpoint("PATCH", "/auth/me", profile.update_me, _SIGNED_IN, "Account", refuses=(Forbidden,),
             rules=Profile.rename),
    Endpoint("GET", "/auth/sessions", sessions.list_sessions, _SIGNED_IN, "Sessions", rules=Sessions.list),
    Endpoint("DELETE", "/auth/sessions/{session_id:str}", sessions.end_session, _SIGNED_IN, "Sessions",
             refuses=(SessionNotFound,), rules=Sessions.end),
    Endpoint("POST", "/auth/change-password", password_change.change_password, _SIGNED_IN, "Account",
             refuses=(IncorrectPassword, TooBusy), rules=PasswordChange.change),
)
_USERS = (
    Endpoint("GET", "/users", user_admin.list_users, _ADMIN, "Users", rules=UserAdmin.page),
    Endpoint("POST", "/users", user_admin.create_user, _ADMIN, "Users", 201, (EmailTaken, TooBusy),
             rules=UserAdmin.create),
    Endpoint("GET", _USER, user_admin.get_user, _SIGNED_IN, "Users", refuses=(UserNotFound,), rules=UserAdmin.get),
    Endpoint("PUT", _USER, user_admin.replace_user, _SIGNED_IN, "Users",
             refuses=(UserNotFound, Forbidden, EmailTaken, LastAdmin), rules=UserAdmin.change),
    Endpoint("PATCH", _USER, user_admin.update_user, _SIGNED_IN, "Users",
             refuses=(UserNotFound, Forbidden, EmailTaken, LastAdmin), rules=UserAdmin.change),
    Endpoint("DELETE", _USER, user_admin.delete_user, _SIGNED_IN, "Users", refuses=(UserNotFound, LastAdmin),
             rules=UserAdmin.remove),
    Endpoint("GET", f"{_USER}/sessions", user_admin.list_user_sessions, _ADMIN, "Users", refuses=(UserNotFound,),
             rules=UserAdmin.sessions_of),
    Endpoint("DELETE", f"{_USER}/sessions", user_admin.end_user_sessions, _ADMIN, "Users",
             refuses=(UserNotFound,), rules=UserAdmin.end_sessions),
)
# fmt: on

ENDPOINTS = _HEALTH + tuple(endpoint.under(API) for endpoint in _AUTH + _USERS)


def canonical_path(path: str) -> str:
    """The path of the endpoint that `path` leads to, by whichever of its names."""
    for alias, target in ALIASES:
        if path.startswith(alias):
            return target + path[len(alias) :]
    return path


def allowed_methods(path: str) -> list[str]:
    """The methods that the endpoints at a canonical path answer to."""
    segments = ["", *filter(None, path.split("/"))]
    methods = {endpoint.method for endpoint in ENDPOINTS if endpoint.matches(segments)}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)
