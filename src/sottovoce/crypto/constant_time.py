"""The one way to compare secrets."""

import hmac


def equal(left: bytes, right: bytes) -> bool:
    """Tell whether two byte strings are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left, right)
