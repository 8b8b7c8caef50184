"""Low s: of two equal signatures one counts."""

import pytest

from sottovoce.base.errors import InvalidKeyError
from sottovoce.crypto.low_s import ORDER, check_low_s

HALF = ORDER // 2


@pytest.mark.parametrize("tail", [b"", b"\x00", b"\x01"])
@pytest.mark.parametrize("s", [1, HALF])
def test_low_s_passes_with_and_without_v(s: int, tail: bytes) -> None:
    check_low_s(bytes(32) + s.to_bytes(32, "big") + tail)


@pytest.mark.parametrize("s", [HALF + 1, ORDER - 1])
def test_high_s_is_refused(s: int) -> None:
    with pytest.raises(InvalidKeyError, match="high s"):
        check_low_s(bytes(32) + s.to_bytes(32, "big"))


@pytest.mark.parametrize("length", [0, 32, 63])
def test_short_signature_is_refused(length: int) -> None:
    with pytest.raises(InvalidKeyError, match="too short"):
        check_low_s(bytes(length))
