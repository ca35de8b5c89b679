"""The dangerous acts: what a stolen session must not do by itself."""

from enum import StrEnum

from bukhindor.domain.user import UserChanges


class Act(StrEnum):
    """Each needs a sign-in that is fresh, or a password in the request. The values stand in the audit.

    The route table says which endpoint carries out which act, and a test compares the two.
    """

    CHANGE_PASSWORD = "change_password"
    ADD_PASSWORD = "add_password"
    CHANGE_EMAIL = "change_email"
    DELETE_ACCOUNT = "delete_account"
    CHANGE_EMAIL_OF_OTHER = "change_email_of_other"
    CHANGE_ROLE = "change_role"
    CHANGE_STATUS = "change_status"
    CREATE_ADMIN = "create_admin"
    DELETE_USER = "delete_user"
    ADD_PASSKEY = "add_passkey"
    RENAME_PASSKEY = "rename_passkey"
    REMOVE_PASSKEY = "remove_passkey"
    END_SESSIONS_OF_OTHER = "end_sessions_of_other"
    ADD_FACTOR = "add_factor"
    REMOVE_FACTOR = "remove_factor"
    RENEW_RECOVERY_CODES = "renew_recovery_codes"
    RESET_FACTORS = "reset_factors"
    LINK_IDENTITY = "link_identity"
    UNLINK_IDENTITY = "unlink_identity"

    @property
    def asks_for_password(self) -> bool:
        """Whether the account's password belongs to the request, however fresh a sign-in with one factor is.

        OWASP ASVS 5.0 section 6.2.3 demands it for a change of the password.
        """
        return self in _ASKING_FOR_PASSWORD


_ASKING_FOR_PASSWORD = frozenset({Act.CHANGE_PASSWORD, Act.CHANGE_EMAIL, Act.DELETE_ACCOUNT})


def acts_of(changes: UserChanges, *, is_own: bool) -> frozenset[Act]:
    """The dangerous acts in changes of an account, of the caller's own or of another person's.

    Pass only what does change: a client may send a whole user back.
    """
    acts = set()
    if changes.email is not None:
        acts.add(Act.CHANGE_EMAIL if is_own else Act.CHANGE_EMAIL_OF_OTHER)
    if changes.role is not None:
        acts.add(Act.CHANGE_ROLE)
    if (changes.status, changes.status_reason, changes.status_until) != (None, None, None):
        acts.add(Act.CHANGE_STATUS)
    return frozenset(acts)
