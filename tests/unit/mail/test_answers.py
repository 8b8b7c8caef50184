"""Packing answers: below the size, the last one alone at the limit, one each without batches."""

import pytest

from sottovoce.base.quantities import EnvelopeHash
from sottovoce.gossip.direct_packets import Completion, decode_completion_body
from sottovoce.mail.answers import completion, next_cursor, packed, refusal
from sottovoce.mail.archive import Page
from sottovoce.mail.cursor import Cursor

ID = b"\x09" * 32
LAST = Cursor(5, EnvelopeHash(b"\x07" * 32))


def sizes(
    *lengths: int, batch: bool = True, bytes_max: int = 100, limit_reached: bool = False
) -> list[list[int]]:
    packets = packed(
        [bytes(length) for length in lengths],
        batch=batch,
        bytes_max=bytes_max,
        limit_reached=limit_reached,
    )
    return [[len(raw) for raw in packet] for packet in packets]


@pytest.mark.parametrize(
    ("lengths", "packets"),
    [
        ((), []),
        ((500,), [[500]]),
        ((50, 49), [[50, 49]]),
        ((50, 50), [[50], [50]]),
        ((500, 10, 10, 500, 10), [[500], [10, 10], [500], [10]]),
    ],
)
def test_envelopes_share_a_packet_while_they_stay_below_its_size(
    lengths: tuple[int, ...], packets: list[list[int]]
) -> None:
    assert sizes(*lengths) == packets


@pytest.mark.parametrize(("lengths", "packets"), [((1, 2, 3), [[1, 2], [3]]), ((1,), [[1]])])
def test_last_envelope_is_alone_when_the_limit_is_reached(
    lengths: tuple[int, ...], packets: list[list[int]]
) -> None:
    assert sizes(*lengths, limit_reached=True) == packets


def test_without_batches_each_envelope_has_a_packet() -> None:
    assert sizes(1, 2, 3, batch=False) == [[1], [2], [3]]


def test_cursor_is_given_when_there_is_more_or_the_limit_is_reached() -> None:
    assert next_cursor(Page((b"1",), LAST, has_more=True), 5) == LAST.encode()
    assert next_cursor(Page((b"1",), LAST), 1) == LAST.encode()
    assert next_cursor(Page((b"1",), LAST), 2) == b""
    assert next_cursor(Page(), 1) == b""


def test_bodies_are_read_by_the_other_side() -> None:
    page = Page((b"1",), LAST, has_more=True)
    expected = Completion(ID, LAST.hash, LAST.encode())
    assert decode_completion_body(completion(ID, page, 5)) == expected
    assert decode_completion_body(completion(ID, Page(), 5)) == Completion(ID)
    assert decode_completion_body(refusal(ID, "no")) == Completion(ID, error="no")
