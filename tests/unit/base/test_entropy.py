import pytest

from sottovoce.base.entropy import uniform


class FixedEntropy:
    """Gives the same byte for ever."""

    def __init__(self, byte: int) -> None:
        self.byte = byte

    def take(self, size_bytes: int) -> bytes:
        return bytes((self.byte,)) * size_bytes


def test_smallest_draw_is_zero() -> None:
    assert uniform(FixedEntropy(0x00), 10.0) == 0.0


@pytest.mark.parametrize("upper", [1.0, 0.3, 15.0, 1e-9])
def test_largest_draw_stays_below_the_upper_end(upper: float) -> None:
    assert upper * 0.999 < uniform(FixedEntropy(0xFF), upper) < upper


def test_middle_draw_is_half_of_the_upper_end() -> None:
    # 80 80 ... is a half and a two hundred and fifty-sixth of a half more.
    assert uniform(FixedEntropy(0x80), 256.0) == pytest.approx(128.5, abs=0.01)
