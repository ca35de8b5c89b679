"""One mailbox has one address, however it is spelled."""

from string import ascii_lowercase, digits

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bukhindor.domain.email_address import MAX_LENGTH, EmailAddress
from bukhindor.domain.errors import InvalidValue

ANY_TEXT = st.text(st.characters())
CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяё"
SPACES = st.text(" \t\r\n\u00a0\u3000", max_size=3)

ATOMS = st.text(ascii_lowercase + digits + "!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=10)
LOCAL_PARTS = st.lists(ATOMS, min_size=1, max_size=3).map(".".join)
LABELS = st.text(ascii_lowercase, min_size=1, max_size=10) | st.text(CYRILLIC, min_size=1, max_size=10)
DOMAINS = st.lists(LABELS, min_size=2, max_size=4).map(".".join)


@st.composite
def spellings(draw: st.DrawFn, text: str) -> str:
    """`text` with some letters in upper case, some ASCII characters in full width, and space around it."""
    spelled = []
    for c in text:
        cased = draw(st.sampled_from((c, c.upper())))
        wide = chr(ord(cased) + 0xFEE0) if cased.isascii() else cased
        spelled.append(draw(st.sampled_from((cased, wide))))
    return draw(SPACES) + "".join(spelled) + draw(SPACES)


def said(invalid: InvalidValue) -> tuple[str, str]:
    return invalid.message, invalid.code


def refusal(raw: str) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        EmailAddress.parse(raw)
    assert caught.value.kind is EmailAddress
    return caught.value


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ("a@example.com", "a@example.com"),
        ("A@EXAMPLE.com", "a@example.com"),
        (" a@example.com ", "a@example.com"),
        ("\r\na@example.com\t", "a@example.com"),
        ("ａ@example.com", "a@example.com"),
        ("ａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "a@example.com"),
        ("a﹫example.com", "a@example.com"),
        ("\u212aate@example.com", "kate@example.com"),
        ("\u017fam@example.com", "sam@example.com"),
        ("ﬁn@example.com", "fin@example.com"),
        ("²@example.com", "2@example.com"),
        ("first.last+tag@sub.example.co.uk", "first.last+tag@sub.example.co.uk"),
        ("!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"),
        ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@ПРИМЕР.РФ", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@xn--e1afmkfd.xn--p1ai", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@XN--E1AFMKFD.xn--p1ai", "a@xn--e1afmkfd.xn--p1ai"),
        ("a@例え。テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@例え．テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@b.co", "a@b.co"),
        ("a@123.com", "a@123.com"),
        ("a@x--y.com", "a@x--y.com"),
    ],
)
def test_an_address_has_one_canonical_form(raw: str, canonical: str) -> None:
    """REG-02."""
    address = EmailAddress.parse(raw)
    assert address == EmailAddress(canonical)
    assert address.value == str(address) == canonical


@pytest.mark.parametrize("raw", ["", " ", "\t\r\n", "\u3000"])
def test_nothing_is_not_an_address(raw: str) -> None:
    assert said(refusal(raw)) == ("Enter an email address.", "required")


@pytest.mark.parametrize(
    "raw",
    [
        "a",
        "@",
        "a@",
        "@example.com",
        "a@example",
        "a@localhost",
        "a@@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@exam ple.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        '"a"@example.com',
        '"a b"@example.com',
        "a(comment)@example.com",
        "Ann <a@example.com>",
        "a@example.com,b@example.com",
        "a@example.com;b@example.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@example.123",
        "a@.example.com",
        "a@example.com.",
        "a@example..com",
        "a@-example.com",
        "a@example-.com",
        "a@exa_mple.com",
        "a@exam/ple.com",
        "a@exa℀mple.com",
        "a@" + "x" * 64 + ".com",
        "x" * 65 + "@example.com",
    ],
)
def test_what_mail_cannot_reach_is_refused(raw: str) -> None:
    assert said(refusal(raw)) == ("This is not a valid email address.", "invalid_email")


@pytest.mark.parametrize("raw", ["аdmin@example.com", "ivän@example.com"])
def test_a_look_alike_local_part_cannot_pose_as_another_account(raw: str) -> None:
    """REG-02, REG-03: Cyrillic а."""
    assert refusal(raw).code == "invalid_email"


@pytest.mark.parametrize("look_alike", ["а@exаmple.com", "a@exаmple.com", "a@exampıe.com", "a@examplé.com"])
def test_a_look_alike_domain_is_never_the_latin_one(look_alike: str) -> None:
    """REG-03."""
    try:
        address = EmailAddress.parse(look_alike)
    except InvalidValue:
        return
    assert address != EmailAddress.parse("a@example.com")
    assert address.value.startswith("a@xn--")


@pytest.mark.parametrize("typed", ["ALİ@MAİL.COM", "alı@mail.com", "Ali@mail.com", "ＡＬＩ@ｍａｉｌ.com"])
def test_a_turkish_keyboard_reaches_the_account(typed: str) -> None:
    assert EmailAddress.parse(typed) == EmailAddress.parse("ali@mail.com")


@pytest.mark.parametrize(
    ("domain", "in_ascii", "shown"),
    [
        ("straße.de", "xn--strae-oqa.de", "straße.de"),
        ("STRAẞE.de", "xn--strae-oqa.de", "straße.de"),
        ("xn--strae-oqa.de", "xn--strae-oqa.de", "straße.de"),
        ("βόλος.gr", "xn--nxasmm1c.gr", "βόλος.gr"),
        ("ΒΌΛΟΣ.GR", "xn--nxasmm1c.gr", "βόλος.gr"),
        ("אבג1.com", "xn--1-zhcde.com", "אבג1.com"),
        ("xn--1-zhcde.com", "xn--1-zhcde.com", "אבג1.com"),
        ("نامه\u200cای.com", "xn--mgba3gch31f060k.com", "نامه\u200cای.com"),
        ("क्\u200dष.com", "xn--11b2ezcw70k.com", "क्\u200dष.com"),
        ("ПРИМЕР.рф", "xn--e1afmkfd.xn--p1ai", "пример.рф"),
        # Only the older standard has this one, and it is in use.
        ("i❤.ws", "xn--i-7iq.ws", "xn--i-7iq.ws"),
        # The older standard drops a character that the newer one refuses; what is left is ASCII.
        ("exa\u1806mple.com", "example.com", "example.com"),
        ("example.com", "example.com", "example.com"),
    ],
)
def test_domains_of_all_scripts_are_read_and_shown(domain: str, in_ascii: str, shown: str) -> None:
    """RFC 5891, with the characters that its predecessor gave away."""
    address = EmailAddress.parse(f"a@{domain}")
    assert (address.value, address.shown) == (f"a@{in_ascii}", f"a@{shown}")
    assert EmailAddress.parse(address.shown) == address


def test_a_domain_that_mixes_look_alike_scripts_is_shown_in_ascii() -> None:
    """REG-03: the second letter is Cyrillic."""
    address = EmailAddress.parse("a@pаypal.com")
    assert address.shown == address.value
    assert address.shown.startswith("a@xn--")


@pytest.mark.parametrize(
    "domain",
    ["xn--example-.com", "xn--.com", "xn--a.com", "xn--99999999.com", "xn--\u0430.com"],
)
def test_punycode_that_is_not_the_one_spelling_of_something_is_refused(domain: str) -> None:
    assert refusal(f"a@{domain}").code == "invalid_email"


@pytest.mark.parametrize("character", ["\x00", "\r\n", "\n", "\x1b", "\u202e", "\ufeff", "\u2028", "\ud800"])
@pytest.mark.parametrize("place", ["an{}n@example.com", "ann@exam{}ple.com", "ann@прим{}ер.com", "ann{}@b.co"])
def test_control_and_deceptive_characters_are_refused(character: str, place: str) -> None:
    """IN-04."""
    assert refusal(place.format(character)).code == "invalid_email"


def longest_address() -> str:
    return "x" * 64 + "@" + ".".join(("y" * 63, "y" * 63, "y" * 57, "com"))


def test_the_longest_address_has_254_characters() -> None:
    longest = longest_address()
    assert len(longest) == MAX_LENGTH == 254
    assert EmailAddress.parse(f" {longest} ").value == longest
    message = "An email address must have at most 254 characters."
    assert said(refusal(longest + "m")) == (message, "too_long")


@pytest.mark.parametrize(
    "domain",
    ["я" * 60 + ".com", ".".join(["яюэ" * 5] * 9) + ".com"],
)
def test_the_ascii_form_is_what_is_measured(domain: str) -> None:
    raw = "x" * 64 + "@" + domain
    assert len(raw) <= MAX_LENGTH
    assert refusal(raw).code == "invalid_email"


@pytest.mark.parametrize(
    "raw",
    [
        "a@" + "a." * 32_768 + "com",
        '"' * 32_768 + "@example.com",
        "a" * 65_536,
        "@" * 65_536,
        "a." * 32_768 + "@",
        "\ufdfa" * 65_536 + "@example.com",
        "a@" + "я" * 65_536 + ".com",
        "a@xn--" + "9" * 65_536 + ".com",
    ],
)
def test_a_huge_input_is_cut_off_before_anything_reads_it(raw: str) -> None:
    """IN-08: the length is refused as such, which no pattern, normalisation or punycode had to find out."""
    assert refusal(raw).code == "too_long"


def test_huge_space_around_an_address_is_trimmed() -> None:
    assert EmailAddress.parse(" " * 65_536 + "a@example.com").value == "a@example.com"


@pytest.mark.parametrize(
    ("address", "local_part", "masked"),
    [
        ("a@example.com", "a", "a***@example.com"),
        ("ann.lee+x@example.com", "ann.lee+x", "a***@example.com"),
        ("ann@пример.рф", "ann", "a***@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_an_address_is_masked_for_logs(address: str, local_part: str, masked: str) -> None:
    assert EmailAddress.parse(address).local_part == local_part
    assert EmailAddress.parse(address).masked == masked


def test_people_see_the_letters_of_a_domain() -> None:
    assert EmailAddress.parse("ann@пример.рф").masked_for_people == "a•••@пример.рф"


@given(LOCAL_PARTS, DOMAINS, st.data())
def test_all_spellings_of_a_mailbox_are_equal(local: str, domain: str, data: st.DataObject) -> None:
    """REG-02: case, width, surrounding space, and U-labels against punycode."""
    address = EmailAddress.parse(f"{local}@{domain}")
    assert EmailAddress.parse(data.draw(spellings(f"{local}@{domain}"))) == address
    assert EmailAddress.parse(data.draw(spellings(address.value))) == address
    punycode = ".".join(label.encode("idna").decode() for label in domain.split("."))
    assert address.value == f"{local}@{punycode}"


@given(LOCAL_PARTS, DOMAINS, LOCAL_PARTS, DOMAINS)
def test_different_mailboxes_stay_different(local: str, domain: str, other: str, elsewhere: str) -> None:
    assume((local, domain) != (other, elsewhere))
    assert EmailAddress.parse(f"{local}@{domain}") != EmailAddress.parse(f"{other}@{elsewhere}")


@given(LOCAL_PARTS, DOMAINS)
def test_a_mask_shows_one_letter_of_the_local_part(local: str, domain: str) -> None:
    address = EmailAddress.parse(f"{local}@{domain}")
    shown, _, shown_domain = address.masked.partition("@")
    assert shown == local[0] + "***"
    assert address.value == f"{address.local_part}@{shown_domain}"


@given(
    ANY_TEXT
    | st.emails()
    | st.tuples(ANY_TEXT, ANY_TEXT).map("@".join)
    | ANY_TEXT.map("a@{}.com".format)
    | ANY_TEXT.map("a@xn--{}.com".format)
)
def test_any_text_is_refused_in_one_way_or_becomes_a_sound_address(raw: str) -> None:
    try:
        address = EmailAddress.parse(raw)
    except InvalidValue:
        return
    assert address.value.isascii()
    assert address.value.isprintable()
    assert address.value == address.value.lower()
    assert len(address.value) <= MAX_LENGTH
    assert address.value.count("@") == 1
    assert " " not in address.value
    assert EmailAddress.parse(address.value) == address
