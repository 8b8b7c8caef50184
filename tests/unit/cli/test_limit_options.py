"""Options about limits: three numbers and addresses, and a sentence for everything else."""

import pytest

from sottovoce.base.errors import LocalProtocolError
from sottovoce.cli.limit_options import LimitOptions, Limits


def test_nothing_said_limits_nothing() -> None:
    assert Limits().read() == LimitOptions()


def test_numbers_are_by_address_by_peer_and_by_topic() -> None:
    typed = Limits(
        limit_packets="40, 20,10",
        limit_bytes="0,2097152,0",
        limit_tolerance=7,
        exempt=["192.0.2.1", "2001:DB8:0::1"],
    )
    assert typed.read() == LimitOptions(
        packets=(40, 20, 10),
        size_bytes=(0, 2097152, 0),
        tolerance=7,
        exempt=frozenset({"192.0.2.1", "2001:db8::1"}),
    )


@pytest.mark.parametrize(
    "text", ["", "1", "1,2", "1,2,3,4", "1,2,-3", "a,b,c", "1,2,x", "1.5,2,3", f"{1 << 64},0,0"]
)
def test_anything_but_three_numbers_is_told_by_the_option(text: str) -> None:
    with pytest.raises(LocalProtocolError, match=r"--limit-packets takes three whole numbers"):
        Limits(limit_packets=text).read()


def test_name_of_a_host_cannot_be_exempt() -> None:
    with pytest.raises(LocalProtocolError, match=r"--exempt takes an IP .*, not 'relay\.ex"):
        Limits(exempt=["relay.example"]).read()


@pytest.mark.parametrize("limits", [None, "0,0,0"])
def test_tolerance_and_exemptions_need_limits(limits: str | None) -> None:
    with pytest.raises(LocalProtocolError, match=r"--limit-tolerance is about limits, and none"):
        Limits(limit_packets=limits, limit_tolerance=5).read()
    with pytest.raises(LocalProtocolError, match=r"--exempt is about limits, and none is set: set"):
        Limits(limit_bytes=limits, exempt=["192.0.2.1"]).read()
