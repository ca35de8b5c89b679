"""Every page: its path, who may open it, how often, and what it can refuse."""

from datetime import timedelta

from bukhindor.domain.errors import (
    AccountBanned,
    AccountInactive,
    IncorrectPassword,
    InvalidOneTimeToken,
    RateLimited,
    TooBusy,
)
from bukhindor.domain.one_time_token import Purpose
from bukhindor.web.addresses import (
    ACCOUNT,
    ANDROID_APPS,
    APPLE_APPS,
    ASSETS,
    FAVICON,
    HOME,
    MAILBOX,
    MAILBOX_JSON,
    PAGE_OF,
    RELATED_ORIGINS,
)
from bukhindor.web.endpoint.limits import GUESSES, MAILS
from bukhindor.web.endpoint.refusals import CrossSiteRequest, NoSuchEndpoint
from bukhindor.web.endpoint.row import Access, Page, as_problem
from bukhindor.web.pages import account, app_links, dev_mailbox, home, looks, sign_in_code
from bukhindor.web.pages.rendering import refused

_ANYONE = Access.ANYONE
_RESET, _VERIFY, _CHANGE, _SIGN_IN = (
    f"{ACCOUNT}/{PAGE_OF[purpose]}"
    for purpose in (Purpose.RESET_PASSWORD, Purpose.VERIFY_EMAIL, Purpose.CHANGE_EMAIL, Purpose.SIGN_IN)
)
_HOUR = timedelta(hours=1)
_DEAD = (InvalidOneTimeToken,)

# fmt: off
PAGES = (
    Page("GET", FAVICON, looks.favicon, _ANYONE, refused),
    Page("GET", f"{ASSETS}/{{name}}", looks.asset, _ANYONE, refused, refuses=(NoSuchEndpoint,)),
    Page("GET", _RESET, account.show_password_reset, _ANYONE, account.password_reset_refused, refuses=_DEAD),
    Page("POST", _RESET, account.reset_password, _ANYONE, account.password_reset_refused,
         refuses=(*_DEAD, TooBusy), limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_RESET}/new-mail", account.mail_password_reset, _ANYONE, account.password_reset_refused,
         limits=MAILS),
    Page("GET", _VERIFY, account.show_email_verification, _ANYONE, account.email_verification_refused, refuses=_DEAD),
    Page("POST", _VERIFY, account.verify_email, _ANYONE, account.email_verification_refused,
         refuses=(*_DEAD, IncorrectPassword, RateLimited, TooBusy), limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_VERIFY}/without-password", account.verify_email_without_password, _ANYONE,
         account.email_verification_refused, refuses=_DEAD, limits=(GUESSES,), keeps_response=True),
    Page("POST", f"{_VERIFY}/new-mail", account.mail_email_verification, _ANYONE, account.email_verification_refused,
         limits=MAILS),
    Page("GET", _CHANGE, account.show_email_change, _ANYONE, account.email_change_refused, refuses=_DEAD),
    Page("POST", _CHANGE, account.change_email, _ANYONE, account.email_change_refused,
         refuses=_DEAD, limits=(GUESSES,), keeps_response=True),
    Page("GET", _SIGN_IN, sign_in_code.show_sign_in, _ANYONE, sign_in_code.sign_in_refused, refuses=_DEAD),
    Page("POST", _SIGN_IN, sign_in_code.sign_in, _ANYONE, sign_in_code.sign_in_refused,
         refuses=(*_DEAD, AccountBanned, AccountInactive, CrossSiteRequest), limits=(GUESSES,)),
    Page("POST", f"{_SIGN_IN}/new-mail", sign_in_code.mail_sign_in_code, _ANYONE, sign_in_code.sign_in_refused,
         limits=MAILS),
)
FILES_FOR_SYSTEMS = tuple(
    Page("GET", path, handler, _ANYONE, as_problem, refuses=(NoSuchEndpoint,), cache_life=_HOUR)
    for path, handler in (
        (APPLE_APPS, app_links.apple_app_site_association),
        (ANDROID_APPS, app_links.asset_links),
        (RELATED_ORIGINS, app_links.related_origins),
    )
)
HOME_PAGE = Page("GET", HOME, home.home, _ANYONE, refused)
DEVELOPER_PAGES = tuple(
    Page("GET", path, handler, Access.DEVELOPER, as_problem, refuses=(NoSuchEndpoint,)) for path, handler in (
        (MAILBOX, dev_mailbox.mailbox_page),
        (MAILBOX_JSON, dev_mailbox.mailbox_json),
        (f"{MAILBOX}/{{number}}", dev_mailbox.message_page),
        (f"{MAILBOX}/{{number}}/html", dev_mailbox.message_html),
        (f"{MAILBOX}/{{number}}/source", dev_mailbox.message_source),
    )
)
# fmt: on
