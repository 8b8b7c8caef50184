"""Options about limits: three numbers and addresses, and a sentence for everything else."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli.limit_options import LimitOptions, read_limits


def test_nothing_said_limits_nothing() -> None:
    assert read_limits(None, None, 0, None) == LimitOptions()


def test_numbers_are_by_address_by_peer_and_by_topic() -> None:
    assert read_limits("40, 20,10", "0,2097152,0", 7, ["192.0.2.1", "2001:DB8:0::1"]) == (
        LimitOptions(
            packets=(40, 20, 10),
            size_bytes=(0, 2097152, 0),
            tolerance=7,
            exempt=frozenset({"192.0.2.1", "2001:db8::1"}),
        )
    )


@pytest.mark.parametrize(
    "text", ["", "1", "1,2", "1,2,3,4", "1,2,-3", "a,b,c", "1,2,x", "1.5,2,3", f"{1 << 64},0,0"]
)
def test_anything_but_three_numbers_is_told_by_the_option(text: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"--limit-packets takes three whole numbers"):
        read_limits(text, None, 0, None)


def test_name_of_a_host_cannot_be_exempt() -> None:
    with pytest.raises(LocalProtocolError, match=r"--exempt takes an IP address, not 'relay\.ex"):
        read_limits(None, None, 0, ["relay.example"])


@pytest.mark.parametrize("limits", [None, "0,0,0"])
def test_tolerance_and_exemptions_need_limits(limits: str | None) -> None:
    with pytest.raises(LocalProtocolError, match=r"--limit-tolerance is about limits, and none"):
        read_limits(limits, None, 5, None)
    with pytest.raises(LocalProtocolError, match=r"--exempt is about limits, and none is set: set"):
        read_limits(None, limits, 0, ["192.0.2.1"])
