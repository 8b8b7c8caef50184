"""The status: what is sent, and how much disorder is borne."""

import math
import tracemalloc

import pytest

from sottovoce.base.errors import RemoteProtocolError
from sottovoce.codec import rlp
from sottovoce.gossip.bloom import bloom_to_bytes
from sottovoce.gossip.dialect import Dialect
from sottovoce.gossip.options import StatusOptions
from sottovoce.gossip.settings import PACKET_BYTES_MAX
from sottovoce.gossip.status import decode_status, encode_status
from sottovoce.gossip.whisper_v6 import GETH, GETH_STATUS_ITEM_COUNT, STATUS_GO
from sottovoce.gossip.wishes import pow_to_bits

BLOOM = bloom_to_bytes(5)
HALF = pow_to_bits(0.5)
NOTHING_BUT_THE_VERSION = StatusOptions(
    minimum_pow=0.0, light=False, confirmations=False, rate_limits=(0, 0, 0), item_count=1
)


def decode(*items: rlp.Encodable) -> StatusOptions:
    return decode_status(rlp.encode(items), STATUS_GO)


@pytest.mark.parametrize(("dialect", "count"), [(STATUS_GO, 6), (GETH, 4)])
def test_status_has_the_items_of_its_dialect(dialect: Dialect, count: int) -> None:
    payload = encode_status(
        dialect,
        StatusOptions(
            minimum_pow=0.5, bloom=BLOOM, light=True, confirmations=True, rate_limits=(1, 2, 3)
        ),
    )
    status = decode_status(payload, dialect)
    assert (status.minimum_pow, status.bloom, status.light) == (0.5, BLOOM, True)
    assert status.item_count == count
    assert status.confirmations == (count == 6)
    assert status.rate_limits == ((1, 2, 3) if count == 6 else (0, 0, 0))


def test_version_alone_is_enough() -> None:
    assert decode(6) == NOTHING_BUT_THE_VERSION


@pytest.mark.parametrize("payload", [b"", b"\x06", b"\xc0", b"\xc1\x05", b"\xc2\xc1\x06", b"\xc2"])
def test_status_without_the_right_version_is_refused(payload: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        decode_status(payload, STATUS_GO)


@pytest.mark.parametrize("value", [math.inf, math.nan, -1.0])
def test_impossible_requirement_is_refused(value: float) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(6, pow_to_bits(value))


@pytest.mark.parametrize("length", [1, 63, 65])
def test_bloom_of_a_wrong_length_is_refused(length: int) -> None:
    with pytest.raises(RemoteProtocolError):
        decode(6, HALF, b"\xff" * length)


@pytest.mark.parametrize("unreadable", [(1,), b"\x01" * 9, b"\x00"])
def test_unreadable_requirement_hides_what_follows(unreadable: rlp.Encodable) -> None:
    status = decode(6, unreadable, BLOOM, 1, 1, (1, 2, 3))
    assert (status.minimum_pow, status.bloom, status.light) == (0.0, None, False)
    assert (status.confirmations, status.rate_limits) == (False, (0, 0, 0))
    assert status.item_count == 6


def test_requirement_with_leading_zeros_is_passed_over() -> None:
    status = decode(6, b"\x00\x01", 1, 1)
    assert (status.minimum_pow, status.light, status.confirmations) == (0.0, True, True)


def test_flag_that_is_neither_0_nor_1_is_passed_over() -> None:
    status = decode(6, HALF, b"", 2, 1)
    assert (status.light, status.confirmations) == (False, True)


def test_flag_that_is_a_list_hides_the_next_one() -> None:
    status = decode(6, HALF, b"", (), 1, (1, 2, 3))
    assert (status.light, status.confirmations, status.rate_limits) == (False, False, (0, 0, 0))


@pytest.mark.parametrize("limits", [(1, 2), (1, 2, 3, 4), (1, 2, b"\x00\x01"), 7])
def test_unreadable_rate_limits_are_none(limits: rlp.Encodable) -> None:
    assert decode(6, HALF, b"", 0, 1, limits).rate_limits == (0, 0, 0)


def test_extra_items_are_ignored_and_counted() -> None:
    status = decode(6, HALF, BLOOM, 0, 1, (1, 2, 3), 9, (8,))
    assert (status.rate_limits, status.item_count) == ((1, 2, 3), 8)


def test_bytes_after_the_list_are_ignored() -> None:
    assert decode_status(rlp.encode((6,)) + b"\xff", STATUS_GO) == NOTHING_BUT_THE_VERSION


@pytest.mark.parametrize("where", ["behind everything", "in the place of the limits"])
def test_status_as_large_as_a_packet_is_not_read_item_by_item(where: str) -> None:
    known = b"".join(rlp.encode(item) for item in (6, 0, b"", 0, 1))
    many = rlp.encode(0) * (PACKET_BYTES_MAX // 4)
    items = [known, rlp.encode_list([many])]
    if where == "behind everything":
        items = [known, rlp.encode((0, 0, 0)), many]
    payload = rlp.encode_list(items)
    tracemalloc.start()
    said = decode_status(payload, STATUS_GO)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2 * len(payload)
    assert said.confirmations is True
    assert GETH_STATUS_ITEM_COUNT < said.item_count <= 16
