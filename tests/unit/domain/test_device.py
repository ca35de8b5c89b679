"""What a client says of its device."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bukhindor.domain.device import MAX_USER_AGENT, AppType, AppVersion, Device, DeviceId, shown_user_agent
from bukhindor.domain.errors import InvalidValue

ANY_TEXT = st.text(st.characters())

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
SAFARI = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"


@pytest.mark.parametrize("app_type", ["ios", "android", "web", "windows", "macos", "linux", "desktop"])
def test_every_kind_of_client_is_accepted(app_type: str) -> None:
    """IN-09: desktop too."""
    assert AppType.parse(app_type) is AppType(app_type)


@pytest.mark.parametrize("app_type", ["iOS", "IOS", " ios", "ios\t"])
def test_the_kind_of_client_may_be_written_in_any_case(app_type: str) -> None:
    assert AppType.parse(app_type) is AppType.IOS


@pytest.mark.parametrize("app_type", ["", "playstation", "\x00", "ios,web"])
def test_an_unknown_kind_of_client_is_refused(app_type: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        AppType.parse(app_type)
    assert caught.value.code == "invalid_app_type"
    assert caught.value.message == "This must be one of ios, android, web, windows, macos, linux, desktop."


@pytest.mark.parametrize(
    "text", ["", " ", "a\tb", "a\r\nSet-Cookie: x", "a\x00", "a\x7f", "é", "я", "\u202e", "\ud800"]
)
def test_an_identifier_has_visible_characters_only(text: str) -> None:
    """IN-04, IN-09."""
    for kind, code in ((DeviceId, "invalid_device_id"), (AppVersion, "invalid_app_version")):
        with pytest.raises(InvalidValue) as caught:
            kind.parse(text)
        assert (caught.value.kind, caught.value.code) == (kind, code)


def test_a_version_may_name_its_build_and_a_device_id_has_no_blanks() -> None:
    assert AppVersion.parse(" 1.2.3 (45) ") == "1.2.3 (45)"
    assert DeviceId.parse(" phone-1\t") == "phone-1"
    with pytest.raises(InvalidValue):
        DeviceId.parse("a b")


def test_an_identifier_has_a_longest_length() -> None:
    """IN-09."""
    for kind, longest in ((DeviceId, 128), (AppVersion, 32)):
        assert kind.parse("d" * longest) == "d" * longest
        with pytest.raises(InvalidValue, match=f"1 to {longest} visible characters"):
            kind.parse("d" * (longest + 1))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("curl/8.5.0", "curl/8.5.0"),
        ("a\x00b\r\nc\x1b[31md\u202ee\ud800f", "abc[31mdef"),
        ("x" * 65_536, "x" * 256),
        ("\x00" * 65_536 + "curl", "curl"),
    ],
)
def test_a_user_agent_is_cut_and_cleaned_but_never_refused(sent: str, kept: str) -> None:
    """LOG-03."""
    assert shown_user_agent(sent) == kept


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{WINDOWS} Gecko/20100101 Firefox/131.0", "Firefox on Windows"),
        (f"{WINDOWS} {CHROME}", "Chrome on Windows"),
        (f"{WINDOWS} {CHROME} Edg/130.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} {CHROME} OPR/114.0.0.0", "Opera on Windows"),
        (f"{MAC} {SAFARI}", "Safari on macOS"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) {SAFARI}", "Safari on iPhone"),
        (f"Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) {SAFARI}", "Safari on iPad"),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {CHROME}", "Chrome on Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0", "Firefox on Linux"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {CHROME}", "Chrome on ChromeOS"),
        (f"{WINDOWS} {CHROME} YaBrowser/24.10.0.0 Yowser/2.5", "Yandex Browser on Windows"),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25.0 "
            "Chrome/121.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "CriOS/130.0.0.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            "Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) AppleWebKit/605.1.15 FxiOS/131.0 Safari/605.1",
            "Firefox on iPad",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Windows"),
        ("BukhindorApp/1.0 (Android 14)", "BukhindorApp on Android"),
        ("Firefox", "Firefox"),
        ("Dart/3.5 (dart:io)", "App"),
        ("okhttp/4.12.0", "Android app"),
        ("Notes/3.1 okhttp/4.12.0", "Notes on Android"),
        ("Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7 Build/TQ3A)", "Android app"),
        ("Bukhindor/45 CFNetwork/1490.0.4 Darwin/23.2.0", "Bukhindor on iOS or macOS"),
        ("%D0%97%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B8/1 CFNetwork/1490.0.4 Darwin/23.2.0", "Заметки on iOS or macOS"),
        ("My%20Notes/1 CFNetwork/1490.0.4 Darwin/23.2.0", "My Notes on iOS or macOS"),
        ("evil.example%2F/1 CFNetwork/1490.0.4 Darwin/23.2.0", "iOS or macOS app"),
        ("curl/8.5.0", None),
        ("", None),
    ],
)
def test_a_device_is_named_after_its_user_agent(user_agent: str, name: str | None) -> None:
    assert Device(user_agent=user_agent).name == name


@pytest.mark.parametrize(
    ("user_agent", "app_type", "name"),
    [
        ("Dart/3.5 (dart:io)", AppType.IOS, "iOS app"),
        ("Dart/3.5 (dart:io)", AppType.ANDROID, "Android app"),
        ("Dart/3.5 (dart:io)", AppType.DESKTOP, "Desktop app"),
        ("Bukhindor/45 CFNetwork/1490.0.4 Darwin/23.2.0", AppType.MACOS, "Bukhindor on macOS"),
        ("", AppType.WEB, "Web app"),
        (f"{WINDOWS} Gecko/20100101 Firefox/131.0", AppType.WEB, "Firefox on Windows"),
    ],
)
def test_what_an_app_says_it_runs_on_names_it(user_agent: str, app_type: AppType, name: str) -> None:
    assert Device(app_type=app_type, user_agent=user_agent).name == name


@given(ANY_TEXT)
def test_any_text_is_refused_in_one_way_or_kept(text: str) -> None:
    for kind in (DeviceId, AppVersion, AppType):
        with suppress(InvalidValue):
            assert kind.parse(text) in (text.strip(" \t"), text.strip(" \t").lower())
    assert shown_user_agent(text).isprintable()
    assert len(shown_user_agent(text)) <= MAX_USER_AGENT


IDS = st.none() | st.sampled_from(["device-1", "device-2"])
PROGRAMS = st.sampled_from(["", "curl/8.5.0", f"{WINDOWS} {CHROME}"])
DEVICES = st.builds(Device, IDS, st.none() | st.sampled_from(AppType), st.none(), st.just("192.0.2.1"), PROGRAMS)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Device("device-1", user_agent="1.0"), Device("device-1", user_agent="2.0", ip="192.0.2.9"), True),
        (Device("device-1", user_agent="1.0"), Device("device-2", user_agent="1.0"), False),
        (Device("device-1", user_agent="1.0"), Device(user_agent="1.0"), False),
        (Device(user_agent="1.0", ip="192.0.2.1"), Device(user_agent="1.0", ip="192.0.2.9"), True),
        (Device(user_agent="1.0"), Device(user_agent="2.0"), False),
        (Device(), Device(), True),
    ],
)
def test_an_id_tells_devices_apart_and_without_one_the_program(one: Device, other: Device, *, same: bool) -> None:
    """LGN-15."""
    assert one.is_same_as(other) is same


@given(DEVICES, DEVICES)
def test_being_the_same_device_goes_both_ways(one: Device, other: Device) -> None:
    assert one.is_same_as(other) is other.is_same_as(one)
    assert one.is_same_as(one)
