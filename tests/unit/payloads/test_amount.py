"""Amounts: what Go's parser takes, and what it does not."""

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.payloads.amount import check_amount


@pytest.mark.parametrize(
    "text",
    [
        "0", "2000", "1.5", ".5", "1.", "+1", "-1", "1e18", "1E-18", "1_000", "1_0.0_1e1_0",
        "NaN", "nan", "inf", "-Inf", "+Infinity", "0x1p4", "-0X_1.8P-2", "0x.8p1", "1e-400",
        "0e99999", "1.7976931348623157e308",
    ],
)  # fmt: skip
def test_number_is_taken(text: str) -> None:
    check_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1 ", " 1", "\t1", "1\n", "abc", "0x10", "1e", "e1", ".", "+", "-", "--1", "1..2",
        "_1", "1_", "1__0", "1_.0", "1._0", "1e_5", "1e5_", "+nan", "-NaN", "infin", "0b1", "0o7",
        "١٢", "½", "1,5", "0x1p", "0x_.8p1", "0x._8p1", "0xp1", "nano",
    ],
)  # fmt: skip
def test_text_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="no number"):
        check_amount(text)


@pytest.mark.parametrize("text", ["1e400", "-1e400", "0x1p5000", "1" * 400, "1e99999999999"])
def test_number_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="out of range"):
        check_amount(text)
