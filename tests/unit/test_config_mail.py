"""Where mails are delivered, who they are from, and where their links lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.config import ConfigurationError, Settings
from bukhindor.config.mail import app_address, mail_server, sender


def problem_of(variable: str, value: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        Settings.read({variable: value}, None)
    (problem,) = refused.value.problems
    assert problem.startswith(f"{variable}: ")
    assert "; for example " in problem
    assert problem.isprintable()
    return problem


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("https://app.example.com", "https://app.example.com"),
        ("https://App.Example.com:443/", "https://app.example.com"),
        ("http://localhost:3000/account/", "http://localhost:3000/account"),
        ("https://example.com/a/~b/c.html", "https://example.com/a/~b/c.html"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"),
        ("myapp://account", "myapp://account"),
        ("com.example.app://open/account/", "com.example.app://open/account"),
    ],
)
def test_an_app_is_a_web_address_or_a_deep_link(value: str, address: str) -> None:
    assert str(Settings.read({"APP_URL": value}, None).mail.app_url) == address


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "javascript://app.example.com/x",
        "JavaScript://app.example.com/x",
        "java\tscript:alert(1)",
        "data:text/html,x",
        "data://x/y",
        "vbscript://x",
        "file:///etc/passwd",
        "file://host/x",
        "blob:https://app.example.com/1",
        "about:blank",
        "view-source://x",
        "intent://x",
        "mailto:ann@example.com",
        "ftp://example.com",
        "//evil.example.com",
        "/\\evil.example.com",
        "\\\\evil.example.com",
        "/\t/evil.example.com",
        "/account",
        "app.example.com",
        "https:evil.example.com",
        "https:/evil.example.com",
        "https:///evil.example.com",
        "https://",
        "https://evil.example.com.",
        "https://app.example.com@evil.example.com",
        "https://user:hunter22@app.example.com",
        "https://app.example.com\\@evil.example.com",
        "https://app.example.com\\evil",
        "https://app.example.com/\t/evil",
        "https://app.example.com/..//evil",
        "https://app.example.com/a/../b",
        "https://app.example.com//evil",
        "https://app.example.com/%2e%2e",
        "https://app.example.com/?next=x",
        "https://app.example.com?",
        "https://app.example.com/#/account",
        "https://app.example.com:99999",
        "https://[::1",
        "https://a\u2100.example.com",
        "https://app.example.com\uff0fevil",
        "https://app example.com",
        "myapp:account",
        "myapp://",
        "myapp:///account",
        "myapp://account?x=1",
        "myapp://account#x",
        "myapp://ann:hunter22@account",
        "myapp://account//x",
        "myapp://account/../x",
        'myapp://account/"onclick',
    ],
)
def test_links_never_lead_to_an_unintended_place(value: str) -> None:
    """RST-11"""
    assert "hunter22" not in problem_of("APP_URL", value)


@given(st.text(max_size=60))
def test_what_is_accepted_as_an_app_can_stand_before_a_path(text: str) -> None:
    """RST-11"""
    try:
        address = app_address(text)
    except ValueError:
        return
    assert str(address).isascii()
    assert str(address).isprintable()
    assert not set(str(address)) & set(" @?#\\\"'<>%")
    assert app_address(str(address)) == address


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("no-reply@example.com", "no-reply@example.com"),
        ("<no-reply@example.com>", "no-reply@example.com"),
        ("Example <No-Reply@EXAMPLE.com>", "Example <no-reply@example.com>"),
        ('"Example, Inc." <no-reply@example.com>', '"Example, Inc." <no-reply@example.com>'),
        ("Бухиндор <no-reply@пример.рф>", "Бухиндор <no-reply@xn--e1afmkfd.xn--p1ai>"),
    ],
)
def test_a_sender_is_an_address_with_a_name_or_without(value: str, read: str) -> None:
    assert Settings.read({"MAIL_FROM": value}, None).mail.sender == sender(read)


@pytest.mark.parametrize(
    "value",
    [
        "Example",
        "example.com",
        "no-reply@localhost",
        "no-reply@",
        "Example <>",
        "Example no-reply@example.com",
        "Example <no-reply@example.com",
        "Example <no-reply@example.com> and more",
        "Example, Inc. <no-reply@example.com>",
        "a@example.com, b@example.com",
        "a@example.com <b@example.com>",
        "Example <a@example.com>, <b@example.com>",
        "no-reply@example.com (Example)",
        '"Exa"mple" <no-reply@example.com>',
        '"Example\\" <no-reply@example.com>',
        "Example\r\nBcc: eve@example.com <no-reply@example.com>",
        "Example\u2028 <no-reply@example.com>",
        "Exam\u202eple <no-reply@example.com>",
        "Group: a@example.com;",
    ],
)
def test_a_sender_that_is_no_single_mailbox_is_refused(value: str) -> None:
    """ML-01"""
    problem_of("MAIL_FROM", value)


def test_answers_may_go_elsewhere() -> None:
    assert Settings.read({}, None).mail.reply_to is None
    given = Settings.read({"MAIL_REPLY_TO": "Support <Help@Example.com>"}, None)
    assert given.mail.reply_to == sender("Support <help@example.com>")
    problem_of("MAIL_REPLY_TO", "a@example.com, b@example.com")


@given(st.text(max_size=60))
def test_what_is_accepted_as_a_sender_is_one_line_with_one_address(text: str) -> None:
    """ML-01"""
    try:
        accepted = sender(text)
    except ValueError:
        return
    assert "\r" not in str(accepted)
    assert "\n" not in str(accepted)
    assert sender(str(accepted)) == accepted


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("mail.example.com", "must begin with smtp:// or smtps://"),
        ("http://mail.example.com", "must begin with smtp:// or smtps://"),
        ("smtp://", "must name a host"),
        ("smtp://mail.example.com:0", "from 1 to 65535"),
        ("smtp://mail.example.com:65536", "from 1 to 65535"),
        ("smtp://mail.example.com/inbox", "nothing but a port"),
        ("smtp://mail.example.com?tls=yes", "no option but ?starttls=never"),
        ("smtps://mail.example.com?starttls=never", "no option but ?starttls=never"),
        ("smtp://mail example.com", "percent-encoded"),
        ("smtp://[::1", "must be of the form"),
    ],
)
def test_a_mail_server_that_cannot_be_read_is_refused(value: str, reason: str) -> None:
    """CFG-02"""
    assert reason in problem_of("SMTP_URL", value)


@given(st.text(max_size=60))
def test_any_text_is_read_as_a_mail_server_or_refused_without_being_repeated(text: str) -> None:
    """CFG-03"""
    url = f"smtp://ann:hunter22{text}@mail.example.com"
    refusal = ""
    try:
        server = mail_server(url)
    except ValueError as error:
        refusal = str(error)
    else:
        assert server.user == "ann"
        assert server.host
    assert "hunter22" not in refusal
