"""Matching of subprotocols and the code ranges that follow."""

from sottovoce.base.packets import Capability
from sottovoce.devp2p.capabilities import (
    CodeRange,
    find_range,
    match_capabilities,
    show_capabilities,
    sort_capabilities,
)

SHH = Capability("shh", 6, 128)
WAKU_0 = Capability("waku", 0, 128)
WAKU_1 = Capability("waku", 1, 100)


def test_names_are_in_byte_order_whatever_the_peer_sends() -> None:
    assert match_capabilities([WAKU_1, SHH], [("waku", 1), ("shh", 6)]) == (
        CodeRange(SHH, 16),
        CodeRange(WAKU_1, 144),
    )


def test_highest_common_version_wins_and_the_lower_takes_no_codes() -> None:
    local = [WAKU_0, WAKU_1, SHH]
    remote = [("waku", 0), ("waku", 1), ("waku", 2), ("shh", 6)]
    assert match_capabilities(local, remote) == (CodeRange(SHH, 16), CodeRange(WAKU_1, 144))


def test_unshared_entries_take_no_codes() -> None:
    assert match_capabilities([SHH], [("eth", 63), ("shh", 5), ("shh", 6)]) == (CodeRange(SHH, 16),)


def test_repeated_entries_do_no_harm() -> None:
    assert match_capabilities([SHH], [("shh", 6)] * 3) == (CodeRange(SHH, 16),)


def test_nothing_shared_gives_nothing() -> None:
    assert match_capabilities([SHH], [("shh", 5)]) == ()


def test_upper_case_sorts_first_and_versions_ascend() -> None:
    assert sort_capabilities([("a", 2), ("B", 1), ("a", 1)]) == [("B", 1), ("a", 1), ("a", 2)]


def test_codes_are_found_in_their_ranges_only() -> None:
    ranges = match_capabilities([SHH, WAKU_1], [("shh", 6), ("waku", 1)])
    found = {code: find_range(ranges, code) for code in (15, 16, 143, 144, 243, 244)}
    assert found == {
        15: None,
        16: ranges[0],
        143: ranges[0],
        144: ranges[1],
        243: ranges[1],
        244: None,
    }


def test_subprotocols_are_shown_to_people_in_few_harmless_words() -> None:
    assert show_capabilities([("shh", 6), ("waku", 1)]) == "shh/6, waku/1"
    assert show_capabilities([]) == "nothing"
    hostile = [("\x1b[2J" + "x" * 1000, 7)] * 1000
    assert show_capabilities(hostile).endswith("\\x1b[2Jxxxxxxxxxxxx/7, 994 more")
