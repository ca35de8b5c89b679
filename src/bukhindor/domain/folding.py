"""How texts are compared: for search, for order, for uniqueness and for what people type. There is no other place."""

import unicodedata

# A Turkish keyboard turns i into İ and I into ı; a person who searches means the same letter.
_TURKISH = str.maketrans({"İ": "i", "ı": "i"})

# What keyboards and word processors put in place of a plain sign; and ё, which most people write as е.
_ALIKE = str.maketrans(
    dict.fromkeys("`´‘’‚‛ʹʻʼʽˈ′＇", "'")
    | dict.fromkeys("“”„‟«»″", '"')
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")
    | {"ı": "i", "ё": "е"}
)
_DOTTED_I = "i\u0307"
# Format characters and variation selectors change how a neighbour looks, and are not seen themselves.
_VARIATION_SELECTORS = frozenset(map(chr, [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))

# Letters that stand behind a letter of the Russian or Latin alphabet, in this order; the mark sorts behind all letters.
_BEHIND = {
    "а": "ә", "г": "ғґ", "д": "ђ", "е": "є", "и": "іїй", "к": "қќ", "л": "љ", "н": "ңњ", "о": "ө", "т": "ћ", "у": "ұүў",
    "х": "һ", "ч": "џ",
}  # fmt: skip
_MARKS = 0xF800
_LETTERS = {
    ord(letter): base + chr(_MARKS + place) for base, behind in _BEHIND.items() for place, letter in enumerate(behind)
} | {
    ord(letter): written
    for letter, written in {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ħ": "h",
        "ŧ": "t",
        "ð": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }.items()
}
_SILENT = str.maketrans("", "", "'\"")
# PostgreSQL indexes no more than 2700 bytes of a row.
_MAX_KEY_BYTES = 1024


def folded(text: str) -> str:
    """The form in which two texts are equal that people take for the same.

    Case, compatibility forms, width, the kind of apostrophe, quotation mark and dash, the Turkish i, ё, repeated blanks
    and invisible characters make no difference.
    """
    if text.isascii():
        return " ".join(text.translate(_ALIKE).lower().split())
    text = _caseless(text).translate(_ALIKE).replace(_DOTTED_I, "i")
    text = "".join(c for c in text if c not in _VARIATION_SELECTORS and unicodedata.category(c) != "Cf")
    # Letters and marks that were parted by something invisible meet.
    return " ".join(_caseless(text).translate(_ALIKE).replace(_DOTTED_I, "i").split())


def _caseless(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def sort_key(text: str) -> bytes:
    """Bytes that sort as an alphabet does: letters first, whatever marks they carry; the marks decide between equals.

    The Russian, Kazakh, Ukrainian and Serbian letters are in their places. Blanks count, quotation marks and
    apostrophes do not. Every database compares bytes in one way, and needs no collation for them.
    """
    form = folded(text)
    letters = form.translate(_LETTERS)
    if not letters.isascii():
        letters = "".join(c for c in unicodedata.normalize("NFD", letters) if unicodedata.category(c) != "Mn")
    return f"{letters.translate(_SILENT).strip()}\0{form}".encode("utf-8", "surrogatepass")[:_MAX_KEY_BYTES]


def turkish_i(text: str) -> str:
    """The text with a plain i for those that a Turkish keyboard makes of it."""
    return text.translate(_TURKISH)


def typed_digits(text: str) -> str:
    """The digits of a typed code in ASCII, whatever script they were typed in, without what copying leaves around them.

    Letters stay: a text with any is not a code.
    """
    kept = []
    for c in unicodedata.normalize("NFKC", text):
        if c.isdecimal():
            kept.append(str(unicodedata.decimal(c)))
        elif unicodedata.category(c)[0] not in "ZPCSM":
            kept.append(c)
    return "".join(kept)


def without_blanks(text: str) -> str:
    """The text without white space and invisible format characters, for tokens that were copied."""
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cf")


# Default_Ignorable_Code_Point of unassigned code points, and the noncharacters of the Arabic block.
_KEPT_FOR_NO_INK = (range(0x2065, 0x2066), range(0xFDD0, 0xFDF0), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))


def shows_something(text: str) -> bool:
    """Whether any character of the text leaves ink; the braille blank and the Hangul fillers do not.

    A character that this program's Unicode tables do not know yet counts: a phone may be newer than the server.
    """
    return any(
        (unicodedata.category(c)[0] in "LNPS" and c not in "\u115f\u1160\u2800\u3164\uffa0") or _may_come_to_show(c)
        for c in text
    )


def _may_come_to_show(character: str) -> bool:
    """Whether a later version of Unicode may give the code point a visible character.

    Noncharacters never will; Unicode keeps the other excluded ranges for characters without ink.
    """
    code = ord(character)
    return (
        unicodedata.category(character) == "Cn"
        and code & 0xFFFE != 0xFFFE
        and not any(code in kept for kept in _KEPT_FOR_NO_INK)
    )
