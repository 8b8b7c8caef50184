"""What a client reads off a text by itself: blankness, direction, lines. None of it travels.

Spec: status-go protocol/message.go and message_validator.go; Unicode 15 Scripts.txt (Hebrew,
Arabic) and PropList.txt (White_Space).
"""

from typing import Final

# What the deployed clients trim: Unicode's white space, and not the separators U+001C to U+001F
# that Python's own `strip` takes for it.
_WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# First and last code points. Marks and digits that several scripts share are in neither.
_HEBREW: Final = (
    (0x0591, 0x05C7), (0x05D0, 0x05EA), (0x05EF, 0x05F4), (0xFB1D, 0xFB36), (0xFB38, 0xFB3C),
    (0xFB3E, 0xFB3E), (0xFB40, 0xFB41), (0xFB43, 0xFB44), (0xFB46, 0xFB4F),
)  # fmt: skip
_ARABIC: Final = (
    (0x0600, 0x0604), (0x0606, 0x060B), (0x060D, 0x061A), (0x061C, 0x061E), (0x0620, 0x063F),
    (0x0641, 0x064A), (0x0656, 0x066F), (0x0671, 0x06DC), (0x06DE, 0x06FF), (0x0750, 0x077F),
    (0x0870, 0x088E), (0x0890, 0x0891), (0x0898, 0x08E1), (0x08E3, 0x08FF), (0xFB50, 0xFBC2),
    (0xFBD3, 0xFD3D), (0xFD40, 0xFD8F), (0xFD92, 0xFDC7), (0xFDCF, 0xFDCF), (0xFDF0, 0xFDFF),
    (0xFE70, 0xFE74), (0xFE76, 0xFEFC), (0x10E60, 0x10E7E), (0x10EFD, 0x10EFF),
    (0x1EE00, 0x1EEF1),
)  # fmt: skip
_RIGHT_TO_LEFT_MARK: Final = 0x200F


def is_blank(text: str) -> bool:
    """Tell whether a text is empty or white space only."""
    return not text.strip(_WHITE_SPACE)


def is_right_to_left(text: str) -> bool:
    """Tell whether a text starts with a Hebrew or Arabic character or the mark U+200F."""
    if not text:
        return False
    first = ord(text[0])
    if first == _RIGHT_TO_LEFT_MARK:
        return True
    return any(least <= first <= most for least, most in (*_HEBREW, *_ARABIC))


def newline_count(text: str) -> int:
    """Return how many newline characters a text has; clients call it the line count."""
    return text.count("\n")
