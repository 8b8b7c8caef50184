"""Floating-point numbers as the vector files write them: exact bits beside shortest decimals."""

import struct
from typing import Any

from vectors.text import unhex


def assert_float(value: float, recorded: dict[str, Any]) -> None:
    """Check that a number has the recorded bits, and that the recorded decimal means the same."""
    assert struct.pack(">d", value) == unhex(recorded["ieee754_bits"])
    assert float(recorded["decimal"]) == value
