"""The administration of users, and the record of what happened."""

from bukhindor.domain.act import Act
from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    EmailRequired,
    EmailTaken,
    Forbidden,
    IncorrectPassword,
    InvitationNotFound,
    LastAdmin,
    LastSignInMethod,
    RateLimited,
    ReauthenticationRequired,
    RegistrationClosed,
    TooBusy,
    UserNotFound,
)
from bukhindor.domain.service_key import Scope
from bukhindor.services.audit_log import AuditLog
from bukhindor.services.factor_reset import FactorReset
from bukhindor.services.identities import Identities
from bukhindor.services.invitations import Invitations
from bukhindor.services.user_admin import UserAdmin
from bukhindor.services.user_listing import UserListing
from bukhindor.web.api import audit_log, identities, invitations, user_admin, user_listing
from bukhindor.web.endpoint.limits import MAILS
from bukhindor.web.endpoint.row import Access, Endpoint

_SIGNED_IN, _ADMIN = Access.SIGNED_IN, Access.ADMIN
_USER = "/users/{user_id}"

_CHANGE_REFUSALS = (
    UserNotFound, Forbidden, ReauthenticationRequired, IncorrectPassword, EmailTaken, LastAdmin, RateLimited, TooBusy,
)  # fmt: skip
_CHANGE_ACTS = (Act.CHANGE_EMAIL, Act.CHANGE_EMAIL_OF_OTHER, Act.CHANGE_ROLE, Act.CHANGE_STATUS)

# fmt: off
USERS = (
    Endpoint("GET", "/users", user_listing.list_users, _ADMIN, "Users", scope=Scope.USERS_READ,
             rules=UserListing.page),
    Endpoint("POST", "/users", user_admin.create_user, _ADMIN, "Users", 201,
             refuses=(ReauthenticationRequired, EmailTaken, TooBusy), rules=UserAdmin.create, keeps_response=True,
             acts=(Act.CREATE_ADMIN,)),
    Endpoint("GET", "/users/invitations", invitations.list_invitations, _ADMIN, "Users", rules=Invitations.all),
    Endpoint("POST", "/users/invitations", invitations.invite, _ADMIN, "Users", 201,
             refuses=(RegistrationClosed, ReauthenticationRequired, EmailTaken, RateLimited), limits=MAILS,
             acts=(Act.CREATE_ADMIN,), rules=Invitations.invite, keeps_response=True),
    Endpoint("DELETE", "/users/invitations/{invitation_id}", invitations.withdraw_invitation, _ADMIN, "Users",
             refuses=(InvitationNotFound,), rules=Invitations.withdraw),
    Endpoint("GET", _USER, user_admin.get_user, _SIGNED_IN, "Users", refuses=(UserNotFound,),
             scope=Scope.USERS_READ, rules=UserAdmin.get),
    Endpoint("PUT", _USER, user_admin.replace_user, _SIGNED_IN, "Users",
             refuses=_CHANGE_REFUSALS, scope=Scope.USERS_WRITE, rules=UserAdmin.change, acts=_CHANGE_ACTS),
    Endpoint("PATCH", _USER, user_admin.update_user, _SIGNED_IN, "Users",
             refuses=_CHANGE_REFUSALS, scope=Scope.USERS_WRITE, rules=UserAdmin.change, acts=_CHANGE_ACTS),
    Endpoint("DELETE", _USER, user_admin.delete_user, _SIGNED_IN, "Users",
             refuses=(UserNotFound, ReauthenticationRequired, IncorrectPassword, LastAdmin, RateLimited, TooBusy),
             rules=UserAdmin.remove, keeps_response=True, acts=(Act.DELETE_ACCOUNT, Act.DELETE_USER)),
    Endpoint("GET", f"{_USER}/identities", identities.list_user_identities, _ADMIN, "Users", refuses=(UserNotFound,),
             rules=Identities.of_user),
    Endpoint("GET", f"{_USER}/sessions", user_admin.list_user_sessions, _ADMIN, "Users", refuses=(UserNotFound,),
             scope=Scope.SESSIONS_READ, rules=UserAdmin.sessions_of),
    Endpoint("DELETE", f"{_USER}/sessions", user_admin.end_user_sessions, _ADMIN, "Users",
             refuses=(UserNotFound, ReauthenticationRequired), scope=Scope.SESSIONS_REVOKE,
             rules=UserAdmin.end_sessions, acts=(Act.END_SESSIONS_OF_OTHER,)),
    Endpoint("DELETE", f"{_USER}/factors", user_admin.reset_user_factors, _ADMIN, "Users",
             refuses=(UserNotFound, LastSignInMethod, ReauthenticationRequired), rules=FactorReset.reset,
             acts=(Act.RESET_FACTORS,)),
    Endpoint("POST", f"{_USER}/reset-password", user_admin.reset_user_password, _ADMIN, "Users",
             refuses=(UserNotFound, EmailRequired, AccountBanned, AccountInactive),
             rules=UserAdmin.send_password_reset),
    Endpoint("GET", "/audit-events", audit_log.list_audit_events, _ADMIN, "Audit",
             scope=Scope.AUDIT_READ, rules=AuditLog.page),
)
# fmt: on
