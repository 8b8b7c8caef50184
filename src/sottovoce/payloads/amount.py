"""Amounts in wallet commands: texts that the deployed clients read as floating-point numbers.

They only ask whether Go's parser takes the text, so that "NaN", "1e18" and "1_000" pass, blanks
around a number do not, and a number beyond the range of 64 bits does not either.

Spec: status-go protocol/message_validator.go; the Go language, package strconv, ParseFloat.
"""

import math
import re
from typing import Final

from sottovoce.base.errors import RemoteProtocolError

_DIGITS: Final = r"[0-9](?:_?[0-9])*"
_HEX_DIGITS: Final = r"[0-9a-f](?:_?[0-9a-f])*"
_EXPONENT: Final = rf"[+-]?{_DIGITS}"
_DECIMAL: Final = re.compile(
    rf"[+-]?(?:{_DIGITS}\.?|(?:{_DIGITS})?\.{_DIGITS})(?:e{_EXPONENT})?", re.ASCII | re.IGNORECASE
)
_HEXADECIMAL: Final = re.compile(
    rf"[+-]?0x(?:_?{_HEX_DIGITS}\.?|(?:_?{_HEX_DIGITS})?\.{_HEX_DIGITS})p{_EXPONENT}",
    re.ASCII | re.IGNORECASE,
)
_SPECIAL: Final = re.compile(r"nan|[+-]?inf(?:inity)?", re.ASCII | re.IGNORECASE)


def check_amount(text: str) -> None:
    """Check that a text is a number for the deployed clients.

    Raises:
        RemoteProtocolError: It is none, or out of the range of a 64-bit floating-point number.
    """
    if _SPECIAL.fullmatch(text):
        return
    if _DECIMAL.fullmatch(text):
        number = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        number = _from_hexadecimal(text)
    else:
        raise RemoteProtocolError("an amount is no number")
    if math.isinf(number):
        raise RemoteProtocolError("an amount is out of range")


def _from_hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text.replace("_", ""))
    except OverflowError:
        return math.inf
