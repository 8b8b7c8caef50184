"""Hexadecimal text that people and configuration files hand in."""

from sottovoce.base.errors import LocalProtocolError


def decode_hex(text: str, what: str) -> bytes:
    """Decode hex text, with or without 0x in front; white space around it is ignored.

    Raises:
        LocalProtocolError: It is not hexadecimal; `what` names it, the text itself is not shown
            (it may be a secret).
    """
    digits = text.strip()
    if digits[:2] in ("0x", "0X"):
        digits = digits[2:]
    # bytes.fromhex alone would skip white space between digits.
    if any(letter.isspace() for letter in digits):
        raise LocalProtocolError(f"{what} is not hexadecimal text")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise LocalProtocolError(f"{what} is not hexadecimal text") from None
