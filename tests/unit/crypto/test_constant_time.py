import pytest

from sottovoce.crypto.constant_time import equal


@pytest.mark.parametrize(
    ("left", "right", "result"),
    [
        (b"", b"", True),
        (b"abc", b"abc", True),
        (b"abc", b"abx", False),
        (b"abc", b"xbc", False),
        (b"abc", b"ab", False),
    ],
)
def test_comparison_agrees_with_equality(left: bytes, right: bytes, result: bool) -> None:
    assert equal(left, right) is result
